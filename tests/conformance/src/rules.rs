//! Rules, what breaking one looks like, and the stand-ins known to break one. Where a stand-in deviates, that is
//! written down and asserted like the rule itself: so it is noticed when it is mended. Must never leave a rule
//! out.

use std::fmt;

use aws_smithy_types::error::display::DisplayErrorContext;
use futures::StreamExt as _;
use futures::future::BoxFuture;

/// How many rules are checked at once: most of them wait.
const AT_ONCE: usize = 8;

/// How a rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

/// A rule is kept or broken.
pub type Verdict = Result<(), Broken>;

/// A call that should have worked breaks the rule that it was made for.
impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(DisplayErrorContext(error).to_string())
    }
}

impl Broken {
    /// The rule holds only if this does.
    ///
    /// # Errors
    /// It does not.
    pub fn unless(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
        if holds { Ok(()) } else { Err(Self(otherwise())) }
    }

    /// The rule holds only if both are the same.
    ///
    /// # Errors
    /// They are not.
    pub fn unless_same<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Verdict {
        Self::unless(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
    }
}

/// One rule of AWS's; it is checked in a place of its own (an empty table, a new queue).
pub struct Rule<P> {
    /// Its name, which says what holds.
    pub name: &'static str,
    /// Checks it.
    pub check: fn(P) -> BoxFuture<'static, Verdict>,
}

/// The rules of a suite: modules, each with its functions from a place to a [`Verdict`].
#[macro_export]
macro_rules! rules {
    ($($module:ident: $($rule:ident),+;)+) => {
        vec![$($($crate::Rule {
            name: concat!(stringify!($module), "::", stringify!($rule)),
            check: |place| Box::pin($module::$rule(place)),
        }),+),+]
    };
}

/// A rule that a stand-in is known to break.
pub struct Deviation {
    /// The rule's name.
    pub rule: &'static str,
    /// Words of the report that shows it.
    pub shows: &'static str,
    /// Why it does not matter to what is tested on that stand-in.
    pub harmless: &'static str,
}

/// Checks every rule, each in the place that `place` makes for it, and compares with what is known; one line about
/// it.
///
/// # Panics
/// A rule is broken that is not in the table, is broken in another way, or is kept although the table says that
/// it is not.
pub async fn judge<P>(
    stand_in: &str,
    rules: &[Rule<P>],
    known: &[Deviation],
    place: impl AsyncFn(&'static str) -> P,
) -> String {
    let outcomes: Vec<_> = futures::stream::iter(rules)
        .map(async |rule| (rule.name, (rule.check)(place(rule.name).await).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut wrong: Vec<String> = known
        .iter()
        .filter(|deviation| rules.iter().all(|rule| rule.name != deviation.rule))
        .map(|deviation| format!("{} is in the table of deviations and no rule", deviation.rule))
        .collect();
    for (rule, verdict) in &outcomes {
        let deviation = known.iter().find(|deviation| deviation.rule == *rule);
        match (verdict, deviation) {
            (Ok(()), None) => {}
            (Err(Broken(how)), Some(deviation)) if how.contains(deviation.shows) => {}
            (Ok(()), Some(deviation)) => {
                let note = deviation.harmless;
                wrong.push(format!("{rule}: is kept now, take it out of the deviations ({note})"));
            }
            (Err(Broken(how)), None) => wrong.push(format!("{rule}: {how}")),
            (Err(Broken(how)), Some(deviation)) => {
                wrong.push(format!("{rule}: expected a report with {:?}: {how}", deviation.shows));
            }
        }
    }
    assert!(wrong.is_empty(), "{stand_in} breaks {} rule(s):\n{}", wrong.len(), wrong.join("\n"));
    let deviating = known.len();
    format!(
        "{stand_in}: {} rules, {} kept, {deviating} deviation(s) as written",
        rules.len(),
        rules.len() - deviating
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<Rule<()>> {
        vec![
            Rule { name: "kept", check: |()| Box::pin(async { Ok(()) }) },
            Rule { name: "broken", check: |()| Box::pin(async { Broken::unless_same("sum", 5, 4) }) },
        ]
    }

    async fn judged(known: &[Deviation]) -> String {
        judge("a stand-in", &rules(), known, async |_| ()).await
    }

    fn known(rule: &'static str, shows: &'static str) -> Deviation {
        Deviation { rule, shows, harmless: "in a test" }
    }

    #[tokio::test]
    async fn what_is_written_down_is_no_surprise() {
        let line = judged(&[known("broken", "found 5, expected 4")]).await;
        assert_eq!(line, "a stand-in: 2 rules, 1 kept, 1 deviation(s) as written");
    }

    #[tokio::test]
    #[should_panic(expected = "broken: sum: found 5, expected 4")]
    async fn a_broken_rule_is_reported() {
        judged(&[]).await;
    }

    #[tokio::test]
    #[should_panic(expected = "expected a report with \"found 6\"")]
    async fn a_rule_broken_in_another_way_is_reported() {
        judged(&[known("broken", "found 6")]).await;
    }

    #[tokio::test]
    #[should_panic(expected = "kept: is kept now")]
    async fn a_deviation_that_was_mended_is_reported() {
        judged(&[known("broken", "found 5"), known("kept", "anything")]).await;
    }

    #[tokio::test]
    #[should_panic(expected = "absent is in the table of deviations and no rule")]
    async fn a_deviation_of_no_rule_is_reported() {
        judged(&[known("broken", "found 5"), known("absent", "anything")]).await;
    }
}
