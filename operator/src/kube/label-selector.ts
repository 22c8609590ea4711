/** A LabelSelector as it stands in the spec of a workload. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

/**
 * The selector as the `labelSelector` of a list takes it, as in `status.selector` of a Scale.
 * @returns undefined for an empty selector, which would mean every pod of the namespace
 */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector): string | undefined {
  const labels = Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const all = [...labels, ...(matchExpressions ?? []).map(expressionText)];
  return all.length === 0 ? undefined : all.join(',');
}

function expressionText({ key, operator, values = [] }: Expression): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator.toLowerCase()} (${values.join(',')})`; // In, NotIn
}
