//! The suite: of each flow the undisturbed run, then one run for each point. Must never leave a point out in
//! silence: what was asked for and not run is a failure.

use crate::arguments::Arguments;
use crate::bases::Bases;
use crate::flow::{FLOWS, Flow};
use crate::outcome::{Outcomes, story};
use crate::point::{Point, Side};
use crate::recorder::{Call, Door, Repeat, Tape};
use crate::report::{self, Tally};
use crate::run::Run;
use crate::town::Snapshot;

/// Runs what was asked for; whether all of it passed.
pub(crate) async fn run(arguments: &Arguments) -> bool {
    if arguments.list {
        FLOWS.iter().for_each(|flow| report::line(flow.name));
        return true;
    }
    let tape =
        arguments.record.as_deref().map(|path| Tape::create(path).expect("the recording's file can be made"));
    let door = Door::open(tape).await.expect("a free port on 127.0.0.1");
    let mut bases = Bases::new(&door);
    let wanted = |flow: &&Flow| arguments.flow.as_deref().is_none_or(|name| name == flow.name);
    let flows: Vec<&Flow> = FLOWS.iter().filter(wanted).collect();
    if flows.is_empty() {
        report::line(&format!("there is no such flow; there are {}", FLOWS.map(|flow| flow.name).join(", ")));
        return false;
    }
    let mut passed = true;
    for flow in flows {
        let from = bases.get(flow.base).await;
        let tally = Rehearsal { flow, from, door: &door, arguments }.run().await;
        passed &= tally.passes();
        report::line(&tally.to_string());
        if let Some(folder) = &arguments.proof {
            report::keep(folder, &arguments.shard, &tally);
        }
    }
    passed
}

/// All runs of one flow.
struct Rehearsal<'a> {
    flow: &'a Flow,
    from: Snapshot,
    door: &'a Door,
    arguments: &'a Arguments,
}

impl Rehearsal<'_> {
    async fn run(&self) -> Tally {
        let mut tally = Tally::new(self.flow.name);
        let (calls, undisturbed) = match self.undisturbed().await {
            Ok(found) => found,
            Err(problem) => {
                tally.failed(format!("{}, undisturbed: {problem}", self.flow.name));
                return tally;
            }
        };
        tally.recorded(&calls);
        if self.arguments.calls {
            for (number, call) in (1..).zip(&calls) {
                report::line(&format!("{number:4} {call}"));
            }
        }
        for point in self.points(&calls) {
            let call = calls[point.call - 1];
            let finished = Run::of(*self.flow, &self.from, self.door, Some((point, call))).await;
            let outcomes = Outcomes::of(&finished).await;
            match outcomes.and_then(|found| found.agrees_with(&undisturbed).map(|()| found)) {
                Ok(found) => tally.passed(found.extra_over(&undisturbed)),
                Err(problem) => tally.failed(format!(
                    "{flow}, call {number} ({call}), {side}: {problem}\n  again: cargo run -p crashes -- --flow {flow} --call {number} --side {side}\n{story}",
                    flow = self.flow.name,
                    number = point.call,
                    side = point.side,
                    story = story(&finished.town.table.items(), finished.id),
                )),
            }
        }
        tally
    }

    /// The run without a crash, twice: what it is compared with must not differ from one time to the next.
    async fn undisturbed(&self) -> Result<(Vec<Call>, Outcomes), String> {
        let first = Run::of(*self.flow, &self.from, self.door, None).await;
        let outcomes = Outcomes::of(&first).await?;
        if outcomes.state != self.flow.ends {
            let story = story(&first.town.table.items(), first.id);
            return Err(format!("it ended {} instead of {}\n{story}", outcomes.state, self.flow.ends));
        }
        if first.workers != 1 {
            return Err(format!("it took {} workers", first.workers));
        }
        let second = Run::of(*self.flow, &self.from, self.door, None).await;
        if let Some(number) =
            first.calls.iter().zip(&second.calls).position(|(first, second)| first != second)
        {
            let (first, second) = (first.calls[number], second.calls[number]);
            return Err(format!("call {} is {first} once and {second} another time", number + 1));
        }
        Outcomes::of(&second).await?.agrees_with(&outcomes)?;
        Ok((first.calls, outcomes))
    }

    fn points(&self, calls: &[Call]) -> impl Iterator<Item = Point> {
        let &Arguments { shard, call, side, recognised, .. } = self.arguments;
        let all = (1..).zip(calls).flat_map(|(number, &made)| {
            Side::ALL.map(|side| (Point { call: number, side }, made.known.repeat))
        });
        let wanted = move |(point, repeat): &(Point, Repeat)| {
            call.is_none_or(|call| call == point.call)
                && side.is_none_or(|side| side == point.side)
                && (!recognised || *repeat == Repeat::Recognised)
        };
        let sharded = all.enumerate().filter(move |(position, _)| shard.has(*position));
        sharded.map(|(_, point)| point).filter(wanted).map(|(point, _)| point)
    }
}
