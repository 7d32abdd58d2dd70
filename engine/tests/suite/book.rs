//! Margin groups: cash equations, orders, facts that do not fit, transfers, and a simulation against an auditor.

mod awaiting;
mod cash;
mod clients;
mod collateral;
mod desk;
mod ended;
mod fees;
mod hostile;
mod judged;
mod linked;
mod linked_fills;
mod method_clients;
mod methods;
mod one_number;
mod orders;
mod queue;
mod reducing;
mod reducing_fills;
mod references;
mod runs;
mod sides;
mod simulation;
mod suspense;
mod takas;
mod unpriced;
mod venue;
