//! A fuzzer's bytes as a row of choices. Must always come to an end: when the bytes are used up every choice
//! is the first one and [`Dice::is_empty`] says so.

/// Choices, drawn from bytes.
pub struct Dice<'a> {
    bytes: &'a [u8],
}

impl<'a> Dice<'a> {
    /// Choices from these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether no bytes are left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// A number below `limit`, at most 65,535; 0 if the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let wide = limit > 256;
        let high = if wide { usize::from(self.byte()) << 8 } else { 0 };
        let number = high | usize::from(self.byte());
        if limit == 0 { 0 } else { number % limit }
    }

    /// One of these.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// The next bytes, at most this many.
    pub fn take(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(most.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// All the bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }
}
