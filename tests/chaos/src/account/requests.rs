//! Every request has one history, without a gap, with one end; every environment's lock was taken once for each
//! that was not refused.

use std::collections::BTreeMap;

use super::Story;

/// What is wrong with the histories.
pub(super) fn discrepancies(stories: &[Story]) -> Vec<String> {
    let mut wrong: Vec<String> = stories
        .iter()
        .filter_map(|story| Some(format!("{} {}: {}", story.id, story.environment, history(story)?)))
        .collect();
    let mut tokens: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for story in stories.iter().filter(|story| story.held_the_lock()) {
        let token = story.last().map_or(0, |machine| machine.deployment().token);
        tokens.entry(&story.environment).or_default().push(token);
    }
    for (environment, mut tokens) in tokens {
        tokens.sort_unstable();
        if !tokens.iter().copied().eq(1..=tokens.len() as u64) {
            wrong.push(format!("{environment}: fencing tokens {tokens:?}"));
        }
    }
    wrong
}

fn history(story: &Story) -> Option<String> {
    let (history, machines) = (&story.history, &story.machines);
    if history.is_empty() {
        return Some("was sent and has no record".to_owned());
    }
    if let Some((n, item)) = (1..).zip(history).find(|(n, item)| item.seq != *n) {
        return Some(format!("item {n} of the history has number {}", item.seq));
    }
    if let Some(pair) = history.windows(2).find(|pair| pair[0].to != pair[1].from) {
        return Some(format!(
            "item {} leads to {}, the next one comes from {}",
            pair[0].seq, pair[0].to, pair[1].from
        ));
    }
    let ends: Vec<u64> = history.iter().filter(|item| item.terminal).map(|item| item.seq).collect();
    if ends != [history.len() as u64] {
        return Some(format!("of {} items {ends:?} are terminal", history.len()));
    }
    if let Some((item, machine)) =
        history.iter().zip(machines).find(|(item, machine)| item.to != machine.state().to_string())
    {
        return Some(format!("item {} says {} and its snapshot {}", item.seq, item.to, machine.state()));
    }
    if history.windows(2).any(|pair| pair[0].wake > pair[1].wake) {
        return Some("its wake-ups' numbers do not rise".to_owned());
    }
    (!story.held_the_lock() && story.outcome() != "rejected")
        .then(|| format!("it ended in {} and never had the lock", story.outcome()))
}
