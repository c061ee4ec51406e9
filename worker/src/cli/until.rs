//! When something ends, as it is typed: a moment, or a time from now. Must never take a moment whose offset has to
//! be guessed.

use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, TimestampRound, Unit};

/// When something ends.
#[derive(Debug, Clone)]
pub(super) enum Until {
    /// At this moment.
    At(Timestamp),
    /// After this time; a day has 24 hours.
    After(Span),
}

impl std::str::FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        text.parse().map(Self::After).map_err(|_| {
            "expected a timestamp with its offset, such as 2026-12-23T16:00:00Z, or a time from now, such as 2h or 3days".to_owned()
        })
    }
}

impl Until {
    /// The moment, rounded up to a whole second.
    ///
    /// # Errors
    /// It is not later than now, or no calendar reaches it; in words.
    pub(super) fn moment(&self, now: Timestamp) -> Result<Timestamp, String> {
        let at = match self {
            Self::At(at) => Ok(*at),
            Self::After(span) => now.to_zoned(TimeZone::UTC).checked_add(*span).map(|at| at.timestamp()),
        };
        let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
        let at = at.and_then(|at| at.round(up)).map_err(|e| format!("--until: {e}"))?;
        if at > now { Ok(at) } else { Err(format!("--until is {at}, which is not in the future")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_and_a_time_from_now_are_told_apart() {
        let now: Timestamp = "2026-11-23T20:15:30.5Z".parse().unwrap();
        for (text, expected) in [
            ("2026-12-23T16:00:00Z", "2026-12-23T16:00:00Z"),
            ("2026-12-23T16:00:00+01:00", "2026-12-23T15:00:00Z"),
            ("2h", "2026-11-23T22:15:31Z"),
            ("1h 30m", "2026-11-23T21:45:31Z"),
            ("3days", "2026-11-26T20:15:31Z"),
            ("P1W", "2026-11-30T20:15:31Z"),
        ] {
            let until: Until = text.parse().unwrap();
            assert_eq!(until.moment(now).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_over_cannot_be_waited_for_and_what_needs_a_guess_is_refused() {
        let now: Timestamp = "2026-11-23T20:15:30Z".parse().unwrap();
        for past in ["2026-11-23T20:15:30Z", "2020-01-01T00:00:00Z", "0s", "-2h", "2h ago"] {
            let until: Until = past.parse().unwrap();
            assert!(until.moment(now).unwrap_err().contains("not in the future"), "{past}");
        }
        assert!("9999y".parse::<Until>().unwrap().moment(now).unwrap_err().starts_with("--until: "));
        for vague in ["soon", "2026-12-23", "2026-12-23T16:00", "16:00", "7"] {
            assert!(vague.parse::<Until>().is_err(), "{vague}");
        }
    }
}
