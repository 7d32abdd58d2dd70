//! Margin groups: cash equations, orders, facts that do not fit, transfers, and a simulation against an auditor.

mod cash;
mod collateral;
mod desk;
mod hostile;
mod judged;
mod methods;
mod one_number;
mod orders;
mod queue;
mod simulation;
mod takas;
mod unpriced;
mod venue;
