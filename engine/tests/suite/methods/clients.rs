//! Margin accounts that are gross by client: each position account is margined as an account of its own, then added.

use plimsoll_engine::account::{Collateral, MarginAccount, Netting};
use plimsoll_engine::parameters::method::{Method, preset, read_method};
use plimsoll_engine::report::{MethodResult, Standing, by_method, by_method_in_pool};
use plimsoll_engine::types::{Money, Quantity, Ratio};
use proptest::prelude::*;

use super::{Rolled, account, future, grid, held, method, rolled, snapshot, source, sum};

/// With all that a floor and offsets between sources may do.
const OFFSETS: &str = "[[offsets]]\nname = \"g\"\nsources = [\"BTC\", \"ETH\"]\nrule = \"gains\"\nfraction = 0.8\nmost = 20000\n\
                       most_benefit = 0.9\nfloor = 0.1\n[floor]\nnet_delta = 0.01\nhedged_delta = 0.02\nshort_option = 0.05\n";

fn money(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

fn by_client(parts: &[&[Rolled]]) -> MarginAccount {
    MarginAccount { netting: Netting::GrossByClient, ..account(parts) }
}

fn standing(method: &Method, account: &MarginAccount) -> Standing {
    by_method(method, &snapshot(), account).unwrap().standing()
}

fn total(parts: &[Standing]) -> Standing {
    Standing {
        equity: sum(parts.iter().map(|own| own.equity)),
        initial: sum(parts.iter().map(|own| own.initial)),
        maintenance: sum(parts.iter().map(|own| own.maintenance)),
    }
}

#[test]
fn a_client_does_not_hedge_another() {
    let [long, short] = [[future(true, 100)], [future(true, -100)]];
    let alone = grid(&method(""), &account(&[&long])).requirement.initial;
    let other = grid(&method(""), &account(&[&short])).requirement.initial;
    assert!(alone.is_positive());
    assert_eq!(standing(&method(""), &account(&[&long, &short])).initial, Money::ZERO, "netted");
    let gross = standing(&method(""), &by_client(&[&long, &short]));
    assert_eq!(gross.initial, alone.plus(other).unwrap());
}

#[test]
fn what_the_account_has_besides_covers_no_client_and_has_its_own_haircut() {
    let collateral = |name: &str, cancels_risk: bool| Collateral {
        asset: name.to_owned(),
        source: None,
        amount: Quantity::from_decimal_half_away("1".parse().unwrap()).unwrap(),
        price: None,
        confidence: 1.0,
        cancels_risk: Some(cancels_risk),
        haircuts: Some((Ratio::from_decimal("0.1".parse().unwrap()).unwrap(), Ratio::ZERO)),
    };
    let mut own = by_client(&[&[future(true, -100)], &[future(false, 50)]]);
    own.cash = money("1000");
    own.collateral = vec![collateral("BTC", true)];
    own.additional = (money("7"), money("5"));
    let assets = MarginAccount { position_accounts: Vec::new(), netting: Netting::Net, ..own.clone() };
    let clients = [account(&[&[future(true, -100)]]), account(&[&[future(false, 50)]])];
    let parts: Vec<Standing> =
        std::iter::once(&assets).chain(&clients).map(|own| standing(&method(""), own)).collect();
    assert_eq!(standing(&method(""), &own), total(&parts));
    assert_eq!(parts[0].equity, money("61000"));
    assert!(parts[0].maintenance > money("6005"), "a haircut of 6,000, 5, and the scan of a coin: {parts:?}");
    // In a pool it is one account of several.
    let pool = MarginAccount { cash: money("1"), ..MarginAccount::default() };
    let accounts = [own.clone(), account(&[&[future(true, 100)]])];
    let pooled = by_method_in_pool(&method(""), &snapshot(), &pool, &accounts).unwrap();
    let parts = [standing(&method(""), &pool), total(&parts), standing(&method(""), &accounts[1])];
    assert_eq!(pooled.standing, total(&parts));
}

#[test]
fn faults_name_the_client_they_are_of() {
    let mut own = by_client(&[&[future(true, 1)], &[future(true, 1), future(false, 1)]]);
    let mut unknown = future(true, 1);
    unknown.kind = 3;
    own.position_accounts[1].positions[1].contract = {
        let mut terms = held(unknown).contract.terms().clone();
        terms.price_source = source("SOL");
        terms.check().unwrap()
    };
    own.collateral = vec![Collateral {
        asset: "GOLD".to_owned(),
        source: None,
        amount: Quantity::ZERO,
        price: None,
        confidence: 1.0,
        cancels_risk: None,
        haircuts: None,
    }];
    let error = by_method(&method(""), &snapshot(), &own).unwrap_err().to_string();
    assert!(error.contains("collateral[0]: "), "{error}");
    assert!(error.contains("position_accounts[1].positions[1]: no price of SOL is known"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_whole_is_the_sum_of_its_clients_alone(
        books in prop::collection::vec(prop::collection::vec(rolled(), 0..5), 1..5),
        has_offsets in any::<bool>(),
    ) {
        let parts: Vec<&[Rolled]> = books.iter().map(Vec::as_slice).collect();
        let method = method(if has_offsets { OFFSETS } else { "" });
        let whole = by_method(&method, &snapshot(), &by_client(&parts)).unwrap();
        let alone: Vec<Standing> = parts.iter().map(|own| standing(&method, &account(&[own]))).collect();
        prop_assert_eq!(whole.standing(), total(&alone));
        let MethodResult::ByClient(own) = whole else { panic!("{whole:?}") };
        let listed: Vec<Standing> = own.clients.iter().map(|(_, own)| own.standing()).collect();
        prop_assert_eq!(listed, alone);
        // What the positions are worth is the same however they are netted.
        let netted = standing(&method, &account(&parts));
        prop_assert_eq!(own.standing.equity, netted.equity);
    }

    #[test]
    fn by_formula_too(books in prop::collection::vec(prop::collection::vec(0_u8..2, 0..4), 1..4)) {
        let book = |kinds: &Vec<u8>| -> Vec<Rolled> {
            let perpetual = |kind: &u8| Rolled {
                of_btc: true, kind: 0, is_long_dated: false, strike: 10, quantity: if *kind == 0 { 150 } else { -70 },
            };
            kinds.iter().map(perpetual).collect()
        };
        let books: Vec<Vec<Rolled>> = books.iter().map(book).collect();
        let parts: Vec<&[Rolled]> = books.iter().map(Vec::as_slice).collect();
        let text = preset("derive-standard").unwrap().replace("[\"USDC\", \"USD\"]", "[\"USD\"]").replace("\"USDC\"", "\"USD\"");
        let method = read_method(text.as_bytes()).unwrap();
        let alone: Vec<Standing> = parts.iter().map(|own| standing(&method, &account(&[own]))).collect();
        prop_assert_eq!(standing(&method, &by_client(&parts)), total(&alone));
    }
}
