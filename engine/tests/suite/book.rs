//! Margin groups: cash equations, orders, facts that do not fit, transfers, and a simulation against an auditor.

mod cash;
mod desk;
mod hostile;
mod methods;
mod orders;
mod queue;
mod simulation;
mod unpriced;
mod venue;
