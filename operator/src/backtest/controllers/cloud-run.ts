/**
 * The rule of the Cloud Run Kafka scaler, with a target of lag for the whole group.
 * @param input.tolerance e.g. 0.1: near enough to the target to stay
 */
export function cloudRunReplicas(input: {
  readonly lag: number;
  readonly target: number;
  readonly tolerance: number;
  readonly activationLag: number;
  readonly currentReplicas: number;
}): number {
  const { lag, target, tolerance, activationLag, currentReplicas } = input;
  if (lag <= activationLag) return 0;
  const ratio = lag / target;
  if (currentReplicas > 0 && ratio >= 1 - tolerance && ratio <= 1 + tolerance)
    return currentReplicas;
  return Math.ceil((Math.max(currentReplicas, 1) * lag) / target);
}
