//! What was read of a request before it is known whether it is accepted. Reading writes nothing: a contract that the house does not know has a
//! provisional number, and becomes known when what names it is accepted.

use std::collections::BTreeMap;

use plimsoll_engine::contract::{ContractId, ContractKey};

/// Contracts that a request names and that its house does not know, in the order in which they are named.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewContracts {
    keys: Vec<ContractKey>,
    numbers: BTreeMap<ContractKey, ContractId>,
}

impl NewContracts {
    /// The provisional number of a contract: the one that it has in this request, or the next.
    pub(crate) fn number(&mut self, key: ContractKey) -> ContractId {
        if let Some(id) = self.numbers.get(&key) {
            return *id;
        }
        let id = ContractId::provisional(self.keys.len());
        self.keys.push(key.clone());
        self.numbers.insert(key, id);
        id
    }

    /// Whether the house knows all contracts of the request.
    pub(crate) const fn is_nothing(&self) -> bool {
        self.keys.is_empty()
    }

    /// The contracts, with their provisional numbers.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (ContractId, &ContractKey)> {
        self.keys.iter().enumerate().map(|(place, key)| (ContractId::provisional(place), key))
    }

    /// The name of a provisional number.
    pub(crate) fn name(&self, id: ContractId) -> Option<&ContractKey> {
        self.iter().find_map(|(own, key)| (own == id).then_some(key))
    }
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked<T> {
    /// By numbers of contracts, provisional ones among them.
    pub(crate) asked: T,
    /// What becomes known if it is accepted.
    pub(crate) new: NewContracts,
}

/// All of its contracts are known.
impl<T> From<T> for Asked<T> {
    fn from(asked: T) -> Self {
        Self { asked, new: NewContracts::default() }
    }
}
