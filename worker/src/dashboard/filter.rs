//! Which deployments the list shows: from the address's parameters to a test of one line of the list. Must never hide
//! that something was left out: an unknown value is refused, and not read as "any".

use serde::Deserialize;

use super::place::Place;
use crate::ports::Summary;

/// What a deployment can be filtered by: its outcome, or that it has none yet.
pub(super) const STATES: [&str; 6] =
    ["under-way", "healthy", "rejected", "rolled-back", "failed", "cancelled"];

/// The parameters; an empty one is none, as forms send it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// The application's name.
    pub(super) application: String,
    /// The environment's name.
    pub(super) environment: String,
    /// One of [`STATES`].
    pub(super) state: String,
    /// Part of the name of who asked, in any case.
    pub(super) person: String,
}

impl Filter {
    /// Whether everything is shown.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses values that cannot match anything.
    ///
    /// # Errors
    /// In words, with what there is.
    pub(super) fn check(&self, places: &[Place]) -> Result<(), String> {
        let known = |name: &str, all: Vec<&str>, what: &str| {
            if name.is_empty() || all.contains(&name) {
                return Ok(());
            }
            Err(format!("There is no {what} “{name}”, only: {}.", all.join(", ")))
        };
        known(&self.state, STATES.to_vec(), "state")?;
        known(&self.application, places.iter().map(|p| p.application.as_str()).collect(), "application")?;
        known(&self.environment, places.iter().map(|p| p.environment.as_str()).collect(), "environment")
    }

    /// Whether deployments of this place are asked for.
    pub(super) fn wants(&self, place: &Place) -> bool {
        let fits = |wanted: &str, name: &str| wanted.is_empty() || wanted == name;
        fits(&self.application, place.application.as_str())
            && fits(&self.environment, place.environment.as_str())
    }

    /// Whether this deployment is asked for.
    pub(super) fn shows(&self, summary: &Summary) -> bool {
        let state = summary.outcome.as_deref().unwrap_or("under-way");
        let person = self.person.trim().to_lowercase();
        (self.state.is_empty() || self.state == state) && summary.actor.to_lowercase().contains(&person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kind;

    fn summary(actor: &str, outcome: Option<&str>) -> Summary {
        Summary {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            target: "main".to_owned(),
            actor: actor.to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            outcome: outcome.map(str::to_owned),
            reason: None,
        }
    }

    fn place() -> Place {
        Place {
            application: "shop".parse().unwrap(),
            environment: "staging".parse().unwrap(),
            kind: Kind::Staging,
            cluster: String::new(),
            service: String::new(),
            repository: None,
        }
    }

    #[test]
    fn everything_is_shown_unless_something_is_asked_for() {
        let all = Filter::default();
        assert!(all.is_empty() && all.wants(&place()));
        assert!(all.shows(&summary("ann", None)) && all.shows(&summary("", Some("failed"))));
    }

    #[test]
    fn state_person_and_place_all_have_to_fit() {
        let filter = Filter { state: "under-way".into(), person: " ANN ".into(), ..Filter::default() };
        assert!(filter.shows(&summary("joanna", None)));
        assert!(!filter.shows(&summary("ann", Some("healthy"))));
        assert!(!filter.shows(&summary("bob", None)));
        assert!(!Filter { environment: "production".into(), ..Filter::default() }.wants(&place()));
        assert!(!Filter { application: "till".into(), ..Filter::default() }.wants(&place()));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_there_is() {
        let places = [place()];
        for (filter, words) in [
            (Filter { state: "sleeping".into(), ..Filter::default() }, "only: under-way"),
            (Filter { environment: "stagin".into(), ..Filter::default() }, "only: staging."),
            (Filter { application: "till".into(), ..Filter::default() }, "only: shop."),
        ] {
            assert!(filter.check(&places).unwrap_err().contains(words));
        }
        assert_eq!(Filter { state: "failed".into(), ..Filter::default() }.check(&places), Ok(()));
    }
}
