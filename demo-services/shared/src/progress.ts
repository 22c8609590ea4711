export interface Activity {
  /** Still getting on, such as one more attempt to reach Kafka. */
  renew(): void;
  end(): void;
}

export interface Progress {
  /** The consume loop polled, or finished a message. */
  mark(): void;
  /** Something that must come to its end in time, such as the work on one message. */
  begin(): Activity;
  /** Undefined while the loop gets on, else what stands still: the answer of /healthz. */
  stalled(): string | undefined;
}

/**
 * Whether a consume loop gets on. An outage of Kafka is not a stall: every attempt to reach it counts.
 * A message whose work never ends is one, even while other partitions are still polled.
 * @param limitMs how long nothing may happen, asked each time
 * @param now a monotonic clock in milliseconds
 */
export function createProgress(limitMs: () => number, now: () => number): Progress {
  let marked = now();
  const open = new Set<{ since: number }>();
  const mark = () => {
    marked = now();
  };
  return {
    mark,
    begin() {
      const activity = { since: now() };
      open.add(activity);
      return {
        renew() {
          activity.since = now();
          mark();
        },
        end() {
          open.delete(activity);
          mark();
        },
      };
    },
    stalled() {
      const at = now();
      const limit = limitMs();
      if (at - marked > limit) return `no poll and no message for ${ms(at - marked)}`;
      for (const { since } of open) {
        if (at - since > limit) return `the message in hand has not ended for ${ms(at - since)}`;
      }
      return undefined;
    },
  };
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}
