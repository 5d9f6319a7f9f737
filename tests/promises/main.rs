//! What AstroShield promises, one module a promise, in one binary since each binary links anew.

mod architecture;
