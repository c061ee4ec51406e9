//! Fresh identifiers in the shapes that ECS uses, from a seed that was handed in.
//!
//! The same seed gives the same ids (a model run can be repeated); two simulators get different seeds from
//! their shell. Never a source of secrets.

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A stream of pseudo-random numbers (SplitMix64), kept with the state so that a restart does not repeat ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IdSource {
    state: u64,
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Nineteen digits, as in `ecs-svc/5169280574093855189`.
    pub(crate) fn deployment_number(&mut self) -> String {
        (1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000).to_string()
    }

    /// Thirty-two hexadecimal digits: the id of a task or the runtime id of a container.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    /// Twenty-one characters of URL-safe Base64: the id of a service deployment.
    pub(crate) fn short(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        (0..21).map(|at| char::from(ALPHABET[((bits >> (6 * at)) & 63) as usize])).collect()
    }

    /// A version-4 UUID: the id of a service event or of an EventBridge event.
    pub(crate) fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::IdSource;

    #[test]
    fn ids_have_the_lengths_of_the_real_ones_and_do_not_repeat() {
        let mut ids = IdSource::new(7);
        let number = ids.deployment_number();
        assert_eq!(number.len(), 19);
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(ids.hex().len(), 32);
        assert_eq!(ids.short().len(), 21);
        assert_eq!(ids.uuid().len(), 36);
        let many: std::collections::BTreeSet<String> = (0..10_000).map(|_| ids.deployment_number()).collect();
        assert_eq!(many.len(), 10_000);
    }
}
