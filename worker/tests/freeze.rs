//! Freeze windows: which moments they hold, above all where clocks are put forward and back; what is refused.

#![expect(clippy::unwrap_used, reason = "a panic is the report")]

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use lockstep::config::FreezeWindow;
use lockstep::config::freeze::frozen;
use proptest::prelude::*;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Zones whose clocks go forward and back at midnight, by half an hour, across a date line, or never.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
];

fn window(text: &str) -> FreezeWindow {
    toml::from_str(text).unwrap()
}

fn weekly(days: &[&str], from: &str, until: &str, zone: &str) -> FreezeWindow {
    window(&format!("days = {days:?}\nfrom = '{from}'\nuntil = '{until}'\nzone = '{zone}'\nreason = 'rest'"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the freeze ends that is on at this moment, if one is.
fn end(windows: &[FreezeWindow], now: &str) -> Option<String> {
    frozen(windows, at(now)).map(|frozen| frozen.until.unwrap().to_string())
}

#[test]
fn a_window_begins_at_its_first_moment_and_is_over_at_its_last() {
    let windows =
        [window("from = 2026-12-23T16:00:00Z\nuntil = '2027-01-02T07:00:00+01:00'\nreason = 'the holidays'")];
    assert_eq!(end(&windows, "2026-12-23T15:59:59.999Z"), None);
    for inside in ["2026-12-23T16:00:00Z", "2027-01-02T05:59:59Z"] {
        assert_eq!(end(&windows, inside).as_deref(), Some("2027-01-02T06:00:00Z"), "{inside}");
    }
    assert_eq!(end(&windows, "2027-01-02T06:00:00Z"), None);
    let told = frozen(&windows, at("2026-12-24T00:00:00Z")).unwrap().to_string();
    assert_eq!(told, "until 2027-01-02 06:00 UTC (the holidays)");
}

#[test]
fn a_weekly_window_may_cross_midnight_and_belongs_to_the_day_on_which_it_begins() {
    let windows = [weekly(&["friday"], "22:00", "06:00", "Europe/Berlin")];
    // 2026-11-27 is a Friday; Berlin is an hour ahead of UTC.
    for (now, expected) in [
        ("2026-11-27T20:59:59Z", None),
        ("2026-11-27T21:00:00Z", Some("2026-11-28T05:00:00Z")),
        ("2026-11-28T04:59:59Z", Some("2026-11-28T05:00:00Z")),
        ("2026-11-28T05:00:00Z", None),
        ("2026-11-28T22:00:00Z", None),
    ] {
        assert_eq!(end(&windows, now).as_deref(), expected, "{now}");
    }
}

#[test]
fn windows_that_follow_one_another_end_with_the_last() {
    let weekend = [
        weekly(&["friday"], "16:00", "00:00", "UTC"),
        weekly(&["saturday", "sunday"], "00:00", "00:00", "UTC"),
        weekly(&["monday"], "00:00", "08:00", "UTC"),
    ];
    for now in ["2026-11-27T16:00:00Z", "2026-11-28T12:00:00Z", "2026-11-30T07:59:59Z"] {
        assert_eq!(end(&weekend, now).as_deref(), Some("2026-11-30T08:00:00Z"), "{now}");
    }
    assert_eq!(end(&weekend, "2026-11-30T08:00:00Z"), None);
    let always = [weekly(&DAYS, "00:00", "00:00", "UTC")];
    let told = frozen(&always, at("2026-11-27T16:00:00Z")).unwrap();
    assert_eq!((told.until, told.reason.as_str()), (None, "rest"));
    assert_eq!(told.to_string(), "without an end, since its windows follow one another (rest)");
}

#[test]
fn an_hour_that_comes_twice_is_frozen_both_times_and_one_that_is_left_out_moves_nothing() {
    // Berlin: on Sunday 2026-10-25 the clock goes from 03:00 back to 02:00, at 01:00 UTC.
    let twice = [weekly(&["sunday"], "02:15", "02:45", "Europe/Berlin")];
    for (now, expected) in [
        ("2026-10-25T00:14:59Z", None),
        ("2026-10-25T00:15:00Z", Some("2026-10-25T01:45:00Z")),
        ("2026-10-25T01:44:59Z", Some("2026-10-25T01:45:00Z")),
        ("2026-10-25T01:45:00Z", None),
    ] {
        assert_eq!(end(&twice, now).as_deref(), expected, "{now}");
    }
    // On Sunday 2026-03-29 it goes from 02:00 to 03:00, at 01:00 UTC: 02:30 never comes.
    let begins = [weekly(&["sunday"], "02:30", "04:00", "Europe/Berlin")];
    assert_eq!(end(&begins, "2026-03-29T00:59:59Z"), None);
    assert_eq!(end(&begins, "2026-03-29T01:00:00Z").as_deref(), Some("2026-03-29T02:00:00Z"));
    let ends = [weekly(&["sunday"], "01:00", "02:30", "Europe/Berlin")];
    assert_eq!(end(&ends, "2026-03-29T00:59:59Z").as_deref(), Some("2026-03-29T01:00:00Z"));
    assert_eq!(end(&ends, "2026-03-29T01:00:00Z"), None);
}

#[test]
fn what_no_window_can_be_is_refused_in_words() {
    for (text, words) in [
        ("from = '16:00'\nuntil = '18:00'", "or `days` for a weekly window"),
        ("from = 2026-12-23\nuntil = 2026-12-24", "expected a timestamp with its offset"),
        ("from = 2026-12-24T00:00:00Z\nuntil = 2026-12-24T00:00:00Z", "must be later than from"),
        ("from = 2026-12-23T00:00:00Z\nuntil = 2026-12-24T00:00:00Z\nzone = 'UTC'", "a weekly window's"),
        ("from = 7\nuntil = 8", "7 is a integer: expected a time of day or a timestamp"),
        ("days = ['friday']\nfrom = '16:00'\nuntil = '18:00'", "needs its `zone`"),
        ("days = ['friday']\nfrom = '16:00'\nuntil = '18:00'\nzone = 'Europe/Zurch'", "IANA name"),
        ("days = ['friday']\nfrom = '16:00'\nuntil = '25:00'\nzone = 'UTC'", "expected a time of day"),
        ("days = ['freitag']\nfrom = '16:00'\nuntil = '18:00'\nzone = 'UTC'", "unknown variant `freitag`"),
    ] {
        let text = format!("reason = 'rest'\n{text}");
        let error = toml::from_str::<FreezeWindow>(&text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

/// A weekly window as it is written, and its parts.
#[derive(Debug, Clone)]
struct Weekly {
    days: Vec<usize>,
    from: Time,
    until: Time,
    zone: &'static str,
}

impl Weekly {
    fn window(&self) -> FreezeWindow {
        let days: Vec<_> = self.days.iter().map(|day| DAYS[*day]).collect();
        weekly(&days, &self.from.to_string(), &self.until.to_string(), self.zone)
    }

    /// Whether a clock on the wall shows a time that the window names.
    fn is_named(&self, now: Timestamp) -> bool {
        let zoned = now.to_zoned(TimeZone::get(self.zone).unwrap());
        let begins_on = |day: Weekday| self.days.contains(&(day.to_monday_zero_offset() as usize));
        let (today, time) = (zoned.weekday(), zoned.time());
        if self.until > self.from {
            begins_on(today) && self.from <= time && time < self.until
        } else {
            (begins_on(today) && self.from <= time) || (begins_on(today.wrapping_sub(1)) && time < self.until)
        }
    }

    /// Whether the clock was moved within a day and a half around this moment.
    fn is_near_a_shift(&self, now: Timestamp) -> bool {
        let zone = TimeZone::get(self.zone).unwrap();
        let near = SignedDuration::from_hours(36);
        zone.following(now - near).next().is_some_and(|shift| shift.timestamp() <= now + near)
    }
}

fn time() -> impl Strategy<Value = Time> {
    (0_i8..24, 0_i8..4).prop_map(|(hour, quarter)| Time::new(hour, quarter * 15, 0, 0).unwrap())
}

fn any_weekly() -> impl Strategy<Value = Weekly> {
    let days = proptest::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..=7);
    (days, time(), time(), proptest::sample::select(&ZONES[..]))
        .prop_map(|(days, from, until, zone)| Weekly { days, from, until, zone })
}

/// A moment within two days of one at which this zone's clock is moved, if it is; else any.
fn moment(zone: &str, shift: usize, seconds: i64) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap();
    let base = zone.following(at("2010-01-01T00:00:00Z")).nth(shift).map(|shift| shift.timestamp());
    base.unwrap_or_else(|| at("2026-11-23T00:00:00Z")) + seconds.seconds()
}

const TWO_DAYS: i64 = 2 * 86_400;

proptest! {
    #[test]
    fn what_the_wall_clock_names_is_frozen_and_nothing_else_is_but_where_clocks_are_moved(
        weekly in any_weekly(), shift in 0_usize..30, seconds in -TWO_DAYS..TWO_DAYS,
    ) {
        let now = moment(weekly.zone, shift, seconds);
        let is_frozen = frozen(&[weekly.window()], now).is_some();
        if weekly.is_named(now) {
            prop_assert!(is_frozen, "{now} is {}", now.to_zoned(TimeZone::get(weekly.zone).unwrap()));
        } else if !weekly.is_near_a_shift(now) {
            prop_assert!(!is_frozen, "{now}");
        }
    }

    #[test]
    fn the_end_that_is_told_is_the_first_moment_that_is_not_frozen(
        several in proptest::collection::vec(any_weekly(), 1..4),
        shift in 0_usize..30, seconds in -TWO_DAYS..TWO_DAYS, share in 0.0_f64..1.0,
    ) {
        let now = moment(several[0].zone, shift, seconds);
        let windows: Vec<_> = several.iter().map(Weekly::window).collect();
        let Some(told) = frozen(&windows, now) else { return Ok(()) };
        let Some(until) = told.until else { return Ok(()) };
        prop_assert!(until > now);
        prop_assert!(frozen(&windows, until).is_none(), "{until} is frozen too");
        let between = now + until.duration_since(now).mul_f64(share);
        let then = frozen(&windows, between).map(|frozen| frozen.until);
        prop_assert_eq!(then, Some(Some(until)), "at {}", between);
    }
}
