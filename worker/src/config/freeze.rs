//! Freeze windows: the times in which an environment takes no requests. Pure: which zone a window is in is
//! settled when the configuration is read, and what time it is, is given. Must never thaw a moment whose local
//! time the configuration names: where a clock is put back, or forward over a window's edge, the window is
//! the longer one.

use std::fmt;

use jiff::civil::{self, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use lockstep_events::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// How many windows that follow one another are taken for one. A week of whole days has seven.
const CHAIN: usize = 64;

/// One window as the configuration writes it: from a moment to a moment, or, with `days`, every week.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WrittenWindow {
    /// The days on which a weekly window begins; without any, the window is from one moment to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// When it begins: a time of day such as `16:00` with `days`, else a timestamp such as
    /// `2026-12-23T16:00:00Z`.
    #[serde(deserialize_with = "text_or_datetime")]
    pub from: String,
    /// When it is over, in the same form. A weekly window that ends no later than it begins ends on the next
    /// day: `00:00` to `00:00` is a whole day.
    #[serde(deserialize_with = "text_or_datetime")]
    pub until: String,
    /// A weekly window's time zone, by its IANA name, such as `Europe/Berlin` or `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Why; whoever is refused is told.
    pub reason: Reason,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// TOML has timestamps and times of day of its own: unquoted ones mean the same.
fn text_or_datetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(text),
        toml::Value::Datetime(datetime) => Ok(datetime.to_string()),
        other => Err(serde::de::Error::custom(format!(
            "{other} is a {}: expected a time of day or a timestamp",
            other.type_str()
        ))),
    }
}

/// Why a window cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("freeze window {reason:?}: {problem}")]
pub struct InvalidWindow {
    /// Which window, by its reason.
    reason: String,
    /// What was found, what is expected.
    problem: String,
}

/// A window that can be asked whether it is on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "WrittenWindow", into = "WrittenWindow")]
#[schemars(with = "WrittenWindow")]
pub struct FreezeWindow {
    written: WrittenWindow,
    when: When,
}

#[derive(Debug, Clone)]
enum When {
    Once { from: Timestamp, until: Timestamp },
    Weekly { from: civil::Time, until: civil::Time, zone: TimeZone },
}

/// Why no request is taken up now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The reason of the first window that is on.
    pub reason: Reason,
    /// When the first moment outside of every window comes; `None` when that is too many windows away.
    pub until: Option<Timestamp>,
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "until {}", moment(until))?,
            None => write!(f, "without an end, since its windows follow one another")?,
        }
        write!(f, " ({})", self.reason)
    }
}

/// A moment as refusals name it: to the minute where it is one.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    let whole = at.as_second().rem_euclid(60) == 0 && at.subsec_nanosecond() == 0;
    at.strftime(if whole { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M:%S UTC" }).to_string()
}

/// Whether one of the windows is on, and until when some is.
#[must_use]
pub fn frozen(windows: &[FreezeWindow], now: Timestamp) -> Option<Frozen> {
    let reason = windows.iter().find(|window| window.end(now).is_some())?.written.reason.clone();
    let mut end = now;
    for _ in 0..CHAIN {
        match windows.iter().filter_map(|window| window.end(end)).max() {
            Some(later) => end = later,
            None => return Some(Frozen { reason, until: Some(end) }),
        }
    }
    Some(Frozen { reason, until: None })
}

impl FreezeWindow {
    /// When the window is over that is on at this moment.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Once { from, until } => (*from <= now && now < *until).then_some(*until),
            When::Weekly { from, until, zone } => {
                let today = now.to_zoned(zone.clone()).date();
                // What began yesterday may last until today, and longer where a zone leaves a day out.
                let begun = (-2..=1).filter_map(|days| today.checked_add(days.days()).ok());
                begun
                    .filter(|day| self.written.days.iter().any(|on| on.is(day.weekday())))
                    .filter_map(|day| {
                        let last = if until > from { day } else { day.tomorrow().ok()? };
                        let begins = first(zone, day.to_datetime(*from))?;
                        let ends = last_end(zone, last.to_datetime(*until))?;
                        (begins <= now && now < ends).then_some(ends)
                    })
                    .max()
            }
        }
    }
}

/// The first moment at which a clock in this zone shows this or a later time.
fn first(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let earlier = ambiguous.earlier().ok()?;
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Some(zone.following(earlier).next()?.timestamp()),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Some(earlier),
    }
}

/// The first moment from which on no clock in this zone shows an earlier time that day.
fn last_end(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => first(zone, at),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.later().ok(),
    }
}

impl Weekday {
    fn is(self, day: civil::Weekday) -> bool {
        day == match self {
            Self::Monday => civil::Weekday::Monday,
            Self::Tuesday => civil::Weekday::Tuesday,
            Self::Wednesday => civil::Weekday::Wednesday,
            Self::Thursday => civil::Weekday::Thursday,
            Self::Friday => civil::Weekday::Friday,
            Self::Saturday => civil::Weekday::Saturday,
            Self::Sunday => civil::Weekday::Sunday,
        }
    }
}

impl From<FreezeWindow> for WrittenWindow {
    fn from(window: FreezeWindow) -> Self {
        window.written
    }
}

impl TryFrom<WrittenWindow> for FreezeWindow {
    type Error = InvalidWindow;

    fn try_from(written: WrittenWindow) -> Result<Self, InvalidWindow> {
        let when = if written.days.is_empty() { once(&written) } else { weekly(&written) };
        match when {
            Ok(when) => Ok(Self { written, when }),
            Err(problem) => Err(InvalidWindow { reason: written.reason.to_string(), problem }),
        }
    }
}

fn once(written: &WrittenWindow) -> Result<When, String> {
    if written.zone.is_some() {
        return Err("`zone` is a weekly window's: give `days` too, or timestamps with their offset".into());
    }
    let timestamp = |key: &str, text: &str| {
        text.parse::<Timestamp>().map_err(|_| {
            format!("{key} is {text:?}: expected a timestamp with its offset, such as 2026-12-23T16:00:00Z, or `days` for a weekly window")
        })
    };
    let (from, until) = (timestamp("from", &written.from)?, timestamp("until", &written.until)?);
    if from >= until {
        return Err(format!("until ({until}) must be later than from ({from})"));
    }
    Ok(When::Once { from, until })
}

fn weekly(written: &WrittenWindow) -> Result<When, String> {
    let time = |key: &str, text: &str| {
        text.parse::<civil::Time>().map_err(|_| {
            format!("{key} is {text:?}: expected a time of day such as 16:00, since the window has `days`")
        })
    };
    let (from, until) = (time("from", &written.from)?, time("until", &written.until)?);
    let name = written.zone.as_deref().ok_or(
        "a weekly window needs its `zone`, such as Europe/Berlin or UTC: a time of day means nothing without",
    )?;
    let zone = TimeZone::get(name).map_err(|_| {
        format!("zone is {name:?}: expected a time zone's IANA name, such as Europe/Berlin or UTC")
    })?;
    Ok(When::Weekly { from, until, zone })
}
