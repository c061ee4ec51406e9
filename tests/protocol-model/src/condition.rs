//! The protocol's conditions, each of which can be taken out to see what it is there for. Must never hold a
//! condition that the model does not ask for.

use clap::ValueEnum;

/// One condition of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Condition {
    /// History item N is put only if it is absent.
    PutIfAbsent,
    /// The lock is taken only if nobody holds it.
    LockFree,
    /// The lock is taken only if its token is the one that was read.
    TokenAsRead,
    /// A request is rejected only while the lock is held by the other deployment.
    RejectUnderLock,
    /// The closing transaction requires that the deployment holds the lock under its token.
    CloseUnderLock,
    /// The lock is released in the transaction that writes the terminal state.
    ReleaseWithEnd,
    /// An action is executed only by the drive whose claim stands in the newest item.
    ClaimBeforeAction,
    /// A call is sent only while the claim outlasts it on the worker's own clock.
    Permit,
    /// A takeover's wake-up is delayed by a lease.
    TakeoverAfterLease,
    /// A takeover is permitted only of the item that the wake-up names.
    TakeoverNamesItem,
    /// A takeover is permitted only of the claim that the wake-up names, and not of another's under the same
    /// number.
    TakeoverNamesClaim,
    /// An action that was claimed before is looked for before it is sent.
    Adoption,
    /// A call without an answer keeps the claim, and whoever goes on waits for a lease.
    AmbiguousKeepsClaim,
    /// A deployment does not end while a call without an answer may still take effect.
    EndSettles,
    /// A wake-up below the record's number is dropped.
    WakeNumbers,
    /// The next wake-up is sent before the commit that it is for.
    WakeBeforeCommit,
    /// A message is deleted only when what it asked for is recorded or a later wake-up has been sent.
    DeleteLast,
    /// What is promoted has been healthy in staging.
    SourceChecked,
}
