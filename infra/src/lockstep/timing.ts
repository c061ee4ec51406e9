// The worker's times that the queue and the alarms depend on. The worker is started with exactly these, so that both
// sides cannot drift apart. Must never be changed to something that the worker's own check refuses
// (worker/src/config/check.rs).

/** How long a message stays hidden without a heartbeat, in seconds. */
export const VISIBILITY_SECONDS = 60;

/** How long a dead worker's claim is respected, in seconds; at least three call time-outs. */
export const CLAIM_LEASE_SECONDS = 45;

/** The longest that one call may take, in seconds. */
export const CALL_TIMEOUT_SECONDS = 15;

/** The shortest pause between two looks at a waiting deployment, in seconds. */
export const POLL_SECONDS = 10;

/** The longest, for a wait whose event is lost; no longer than RETRY_CAP_SECONDS, which the alarms go by. */
export const POLL_CAP_SECONDS = 120;

/** How often every worker looks at the locks, in seconds. */
export const RECONCILE_SECONDS = 120;

/** A message that was received this often without being deleted goes to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 10;

/** The longest wait after a fault, in seconds: no message is delayed longer in ordinary running. */
export const RETRY_CAP_SECONDS = 120;
