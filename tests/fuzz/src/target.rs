//! How a target runs: each document of its corpus, then whatever the fuzzer makes of them.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bolero::{BorrowedInput, ByteSliceGenerator, DefaultEngine, TestTarget};

use crate::corpus::documents;
use crate::dice::Dice;
use crate::proof;

/// As many edits as one input can get; more of them leave nothing of the document.
const MOST_EDITS: usize = 6;

/// As many bytes as the fuzzer chooses with.
const MOST_BYTES: usize = 512;

/// How long a target makes random inputs when nobody says.
const SECONDS: u64 = 4;

/// What a target is given.
pub trait Input: Clone {
    /// A checked-in document.
    fn document(bytes: &[u8]) -> Self;
    /// Bytes that were never anything.
    fn raw(bytes: &[u8]) -> Self;
    /// One edit.
    fn edit(&mut self, dice: &mut Dice<'_>);
}

/// A target: its name, and the family of documents that its inputs are made from.
pub struct Target {
    name: &'static str,
    family: &'static str,
    temporary: &'static str,
}

impl Target {
    /// A target of this name over `corpus/<family>`; `temporary` is cargo's `CARGO_TARGET_TMPDIR`, which only
    /// tests are told.
    #[must_use]
    pub fn new(name: &'static str, family: &'static str, temporary: &'static str) -> Self {
        Self { name, family, temporary }
    }

    /// Runs `check` on every input and writes down how many there were. `engine` is `bolero::check!()`, which
    /// has to stand in the test itself.
    pub fn run<I: Input>(
        self,
        engine: TestTarget<ByteSliceGenerator, DefaultEngine, BorrowedInput>,
        check: impl Fn(&I),
    ) {
        proof::forget(self.temporary, self.name);
        let documents: Vec<I> = documents(self.family)
            .into_iter()
            .map(|(path, bytes)| {
                let input = I::document(&bytes);
                proof::naming(&path, || check(&input));
                input
            })
            .collect();
        let state = AssertUnwindSafe((Cell::new(0_u64), documents, check));
        engine.with_iterations(usize::MAX).with_test_time(time()).with_max_len(MOST_BYTES).for_each(
            |bytes: &[u8]| {
                let (made, documents, check) = &*state;
                made.set(made.get() + 1);
                check(&input(bytes, documents));
            },
        );
        let (made, documents, _) = &*state;
        proof::write(self.temporary, self.name, documents.len(), made.get());
    }
}

fn time() -> Duration {
    let seconds = std::env::var("LOCKSTEP_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(SECONDS))
}

/// One input in eight is the fuzzer's bytes as they are, the others are edited documents.
fn input<I: Input>(bytes: &[u8], documents: &[I]) -> I {
    let mut dice = Dice::new(bytes);
    if dice.byte() < 32 {
        return I::raw(dice.rest());
    }
    let mut input = dice.pick(documents).clone();
    for _ in 0..=dice.below(MOST_EDITS) {
        if dice.is_empty() {
            break;
        }
        input.edit(&mut dice);
    }
    input
}
