//! A line of text with what its parts mean. Whoever shows it decides how: colour on a terminal, a class on the page,
//! nothing in a file. Must never hold a control sequence of its own.

/// What a part of a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Somebody should know.
    Caution,
    /// It is under way.
    Active,
    /// Of less weight than the rest.
    Quiet,
}

/// A line in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its parts, in order.
    pub parts: Vec<(Tone, String)>,
}

impl Line {
    /// A line of one part that means nothing in particular.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().and(Tone::Plain, text)
    }

    /// With one more part.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.parts.push((tone, text));
        }
        self
    }

    /// The text alone.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| text.as_str()).collect()
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}
