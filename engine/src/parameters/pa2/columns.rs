//! The table of columns: for every record the place and the form of its fields, 1-based and inclusive as the format
//! counts them.

/// What a field may hold; every field may be blank.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Anything.
    Text,
    /// Printable ASCII: what other records are found by.
    Key,
    /// Digits.
    Digits,
    /// Digits, of which the first may be a minus sign.
    Locator,
    /// `+` or `-`.
    Sign,
}

/// The place of a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Columns {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) form: Form,
}

impl Columns {
    const fn new(first: usize, last: usize, form: Form) -> Self {
        Self { first, last, form }
    }

    /// The same field of a later block of a record.
    pub(super) const fn moved(self, columns: usize) -> Self {
        Self { first: self.first + columns, last: self.last + columns, form: self.form }
    }

    /// How many columns the field has.
    pub(super) const fn width(self) -> usize {
        self.last + 1 - self.first
    }
}

macro_rules! records {
    ($($(#[$doc:meta])* $record:ident { $($field:ident $first:literal $last:literal $form:ident;)* })*) => {$(
        $(#[$doc])*
        pub(super) mod $record {
            use super::{Columns, Form};
            $(pub(in crate::parameters::pa2) const $field: Columns = Columns::new($first, $last, Form::$form);)*
            /// Every field of the record; those of repeated blocks are checked one by one.
            #[allow(dead_code)]
            pub(in crate::parameters::pa2) const ALL: &[Columns] = &[$($field),*];
        }
    )*};
}

records! {
    /// `0`: the header.
    header {
        HOUSE 3 8 Key; DATE 9 16 Digits; SETTLEMENT 17 17 Key; QUALIFIER 18 19 Text; TIME 20 23 Digits;
        CREATED 24 31 Digits; CREATED_TIME 32 35 Digits; FORMAT 36 37 Key; GROSS_OR_NET 38 38 Text;
        CAP_OPTION_VALUE 39 39 Text; AGREEMENT 40 44 Text; CLEARING 51 51 Text; CLEARING_NAME 53 57 Text;
        ACCOUNT 59 59 Text; ACCOUNT_NAME 61 65 Text; CLASS 67 67 Text; CLASS_NAME 69 73 Text;
        REQUIREMENT 75 75 Text; REQUIREMENT_NAME 77 81 Text;
    }
    /// `T`: a currency conversion.
    conversion {
        FROM 3 5 Key; FROM_SYMBOL 6 6 Text; TO 7 9 Key; TO_SYMBOL 10 10 Text; FACTOR 11 20 Digits;
    }
    /// `1`: an exchange.
    exchange { EXCHANGE 3 5 Key; CODE 8 9 Text; }
    /// `5`: a group of combined commodities; ten of six columns each.
    group { GROUP 3 5 Key; FIRST_COMMODITY 13 18 Key; }
    /// `2`: a combined commodity.
    commodity {
        EXCHANGE 3 5 Key; COMMODITY 7 12 Key; RISK_EXPONENT 13 13 Digits; CURRENCY 14 16 Key;
        CURRENCY_SYMBOL 17 17 Text; STYLE 18 18 Text; CAP_OPTION_VALUE 19 19 Text; COMBINATIONS 20 20 Text;
    }
    /// A product of record `2`; six of sixteen columns each.
    commodity_product { PRODUCT 23 32 Key; KIND 33 35 Key; LOCATOR 36 36 Digits; LOCATOR_SIGN 37 37 Sign; }
    /// `R`: another name of a product.
    alias {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; COMMODITY 16 21 Key;
        OTHER_EXCHANGE 22 24 Key; OTHER_PRODUCT 25 34 Key; OTHER_COMMODITY 35 40 Key;
    }
    /// `S`: scanning and inter-commodity tiers, short option minimum tiers.
    scan_tiers { COMMODITY 3 8 Key; METHOD 9 10 Key; COUNT 11 12 Digits; WEIGHTED_RISK 83 83 Text; }
    /// A tier of record `S`; five of fourteen columns each, their day codes of four and their rates of seven.
    scan_tier {
        NUMBER 13 14 Digits; FIRST 15 20 Key; LAST 21 26 Key; FIRST_DAY 84 85 Key; LAST_DAY 86 87 Key;
        RATE 104 110 Digits;
    }
    /// `3`: intra-commodity tiers.
    intra_tiers {
        COMMODITY 3 8 Key; METHOD 9 10 Key; MEMBER 69 72 Digits; HEDGER 73 76 Digits; SPECULATOR 77 80 Digits;
    }
    /// A tier of record `3`; four of fourteen columns each, their day codes of four.
    intra_tier { NUMBER 11 12 Digits; FIRST 13 18 Key; LAST 19 24 Key; FIRST_DAY 81 82 Key; LAST_DAY 83 84 Key; }
    /// `C`: a spread between tiers.
    tier_spread { COMMODITY 3 8 Key; METHOD 9 10 Key; PRIORITY 11 12 Digits; LEGS 13 14 Digits; RATE 15 21 Digits; }
    /// A leg of record `C`, of seven columns.
    tier_leg { NUMBER 22 23 Digits; TIER 24 25 Digits; RATIO 26 27 Digits; SIDE 28 28 Key; }
    /// `E`: a spread between series.
    series_spread { COMMODITY 3 8 Key; PRIORITY 9 13 Digits; RATE 14 20 Digits; }
    /// A leg of record `E`; four of fourteen columns each.
    series_leg { MONTH 21 24 Digits; DAY 25 27 Key; RATIO 28 33 Digits; SIDE 34 34 Key; }
    /// `4`: delivery, short option minimum, adjustment factors.
    charges {
        COMMODITY 3 8 Key; METHOD 9 10 Key; OPTION_MINIMUM 63 69 Digits; MEMBER 70 72 Digits;
        HEDGER 73 75 Digits; SPECULATOR 76 78 Digits; OPTION_MINIMUM_METHOD 79 79 Text;
    }
    /// How many months of record `4` are in delivery.
    delivery_count { COUNT 11 12 Digits; }
    /// A month of record `4`; two of twenty-two columns each, their day codes of two.
    delivery_month { NUMBER 13 14 Digits; MONTH 15 20 Key; SPREAD 21 27 Digits; OUTRIGHT 28 34 Digits; DAY 57 58 Key; }
    /// Record `4` with basis risk.
    basis_risk { PRODUCT 11 20 Key; RATE 21 27 Digits; }
    /// `6`: an inter-commodity spread.
    spread {
        GROUP 3 5 Key; PRIORITY 6 9 Digits; RATE 10 16 Digits; METHOD 89 90 Key; TARGET_EXCHANGE 91 93 Key;
        TARGET_REQUIRED 94 94 Text; TARGET 95 100 Key; CHARGE 101 101 Text; SUPER 110 110 Text;
        TARGET_RATIO 111 117 Digits; MINIMUM_LEGS 118 121 Digits; OWN_RATES 122 122 Text; RESTRICTION 151 151 Text;
    }
    /// A leg of record `6`; four of eighteen columns each.
    spread_leg { EXCHANGE 17 19 Key; REQUIRED 20 20 Text; COMMODITY 21 26 Key; RATIO 27 33 Digits; SIDE 34 34 Key; }
    /// The tier of a leg of record `6`, of two columns.
    spread_leg_tier { TIER 102 103 Digits; }
    /// The rate of a leg of record `6`, of seven columns.
    spread_leg_rate { RATE 123 129 Digits; }
    /// `P`: a product family.
    product {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; KIND 16 18 Key; SHORT_NAME 19 33 Text; PRICE_LOCATOR 34 36 Locator;
        STRIKE_LOCATOR 37 39 Locator; PRICE_ALIGNMENT 40 40 Text; STRIKE_ALIGNMENT 41 41 Text; FACTOR 42 55 Digits;
        CABINET 56 63 Digits; QUANTITY 64 65 Digits; CURRENCY 66 68 Key; CURRENCY_SYMBOL 69 69 Text;
        QUOTATION 70 72 Text; FACTOR_SIGN 73 73 Sign; FACTOR_EXPONENT 74 75 Digits; EXERCISE 76 79 Text;
        NAME 80 114 Text; POSITIONS 115 115 Text; MONEY 116 116 Text; VALUATION 117 121 Text; SETTLEMENT 122 126 Text;
        EQUIVALENT 144 157 Digits; EQUIVALENT_EXPONENT 158 159 Digits; EQUIVALENT_SIGN 160 160 Sign;
        VARIABLE_TICK 161 161 Text; QUOTED_IN 162 164 Text;
    }
    /// `B`: a contract or option series. Lines of 2019 end inside the discount factor.
    contract {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; KIND 16 18 Key; FUTURE_MONTH 19 24 Key; FUTURE_DAY 25 26 Key;
        OPTION_MONTH 28 33 Key; OPTION_DAY 34 35 Key; VOLATILITY 37 44 Digits; VOLATILITY_RANGE 45 52 Digits;
        PRICE_RANGE 53 57 Digits; EXTREME 58 62 Digits; COVER 63 67 Digits; INTEREST 68 72 Digits; YEARS 73 79 Digits;
        LOOK_AHEAD 80 85 Digits; SCALING 86 91 Digits; EXPIRATION 92 99 Digits; UNDERLYING 100 109 Key; MODEL 110 111 Text;
        DIVIDEND 112 119 Digits; REFERENCE_FLAG 120 120 Text; REFERENCE 121 127 Digits; REFERENCE_SIGN 128 128 Sign;
        FACTOR 129 142 Digits; FACTOR_EXPONENT 143 144 Digits; FACTOR_SIGN 145 145 Sign;
        VOLATILITY_EXPONENT 146 147 Digits; VOLATILITY_SIGN 148 148 Sign;
        VOLATILITY_RANGE_EXPONENT 149 150 Digits; VOLATILITY_RANGE_SIGN 151 151 Sign; DISCOUNT 152 163 Text;
        VOLATILITY_RANGE_KIND 164 164 Text; PRICE_RANGE_KIND 165 165 Text;
        PRICE_RANGE_EXPONENT 166 167 Digits; PRICE_RANGE_SIGN 168 168 Sign; DELIVERY 169 173 Text;
    }
    /// The key of `81` to `84`.
    array_key {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; UNDERLYING 16 25 Key; KIND 26 28 Key; RIGHT 29 29 Key;
        FUTURE_MONTH 30 35 Key; FUTURE_DAY 36 37 Key; OPTION_MONTH 39 44 Key; OPTION_DAY 45 46 Key; STRIKE 48 54 Digits;
    }
    /// A value of `81` and `82`, of six columns.
    small_value { VALUE 55 59 Digits; SIGN 60 60 Sign; }
    /// A value of `83` and `84`, of nine columns.
    large_value { VALUE 55 62 Digits; SIGN 63 63 Sign; }
    /// The rest of `81`; of `83` behind 27 columns.
    array_first { PRICE 109 122 Digits; PRICE_FLAG 123 123 Text; }
    /// The rest of `82`; of `84` behind 21 columns.
    array_second {
        DELTA 97 101 Digits; DELTA_SIGN 102 102 Sign; VOLATILITY 103 110 Digits; PRICE 111 117 Digits; PRICE_SIGN 118 118 Sign;
        STRIKE_SIGN 119 119 Sign; CURRENT_DELTA 120 124 Digits; CURRENT_DELTA_SIGN 125 125 Sign; DAY 126 126 Text;
        START_PRICE 127 133 Digits; START_PRICE_SIGN 134 134 Sign; VOLATILITY_EXPONENT 135 136 Digits;
        VOLATILITY_SIGN 137 137 Sign; FACTOR 138 151 Digits; FACTOR_EXPONENT 152 153 Digits; FACTOR_SIGN 154 154 Sign;
        STRIKE_FACTOR 155 168 Digits; STRIKE_FACTOR_EXPONENT 169 170 Digits; STRIKE_FACTOR_SIGN 171 171 Sign;
    }
    /// `V`: value maintenance.
    value_maintenance {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; MONTH 16 21 Key; DAY 22 23 Key; DATE 24 31 Digits; LONG 32 44 Digits;
        LONG_SIGN 45 45 Sign; SHORT 47 59 Digits; SHORT_SIGN 60 60 Sign; LONG_RATE 63 65 Digits; SHORT_RATE 66 68 Digits;
        LONG_DOWN 70 72 Digits; LONG_UP 73 75 Digits; SHORT_DOWN 77 79 Digits; SHORT_UP 80 82 Digits; CLASS 83 88 Text;
    }
    /// `X`: what becomes of a product's combinations.
    combination_method { METHOD 3 3 Text; PRODUCT 4 13 Key; DIGITS 14 20 Digits; }
    /// `Y`: a family of options on combinations.
    combination_options { PRODUCT 3 12 Key; OTHER_PRODUCT 13 22 Key; }
    /// `Z`: a leg of a combination.
    combination_leg {
        EXCHANGE 3 5 Key; PRODUCT 6 15 Key; STRATEGY 16 20 Text; MONTH 21 26 Key; DAY 27 28 Key; NUMBER 36 38 Digits;
        SIDE 39 39 Key; RATIO 40 42 Text; LEG_PRODUCT 43 52 Key; LEG_KIND 53 55 Key; LEG_MONTH 56 61 Key; LEG_DAY 62 63 Key;
        RATIO_FRACTION 64 67 Text; PRICE_FLAG 68 68 Text; PRICE_USE 69 70 Text; PRICE 71 77 Digits; PRICE_SIGN 78 78 Sign;
    }
    /// `91` and `92`: debt instruments.
    debt { EXCHANGE 3 5 Key; PRODUCT 8 17 Key; MONTH 18 23 Key; COUNTRY 27 29 Text; INSTRUMENT 32 46 Text; }
    /// The rest of `91`.
    debt_terms { CURRENCY 47 49 Key; MATURITY 51 58 Digits; COUPON 59 63 Digits; CONVERSION 64 72 Digits; }
    /// The rest of `92`.
    debt_description { EQUIVALENCE 97 106 Digits; }
}
