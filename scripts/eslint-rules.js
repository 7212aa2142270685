// The shapes of this repository's own lint rules; eslint.config.js holds what they ban and why.

/**
 * A rule that reports every node which one of the selectors matches.
 * One rule per ban, because options of no-restricted-syntax replace each other from config to config.
 */
export function restriction(selectors, message) {
  return {
    meta: { type: 'problem', messages: { banned: message } },
    create: (context) =>
      Object.fromEntries(
        selectors.map((selector) => [selector, (node) => context.report({ node, messageId: 'banned' })]),
      ),
  };
}

/** `// eslint-disable-next-line RULE -- why it is right here` */
export const disableNeedsReason = {
  meta: {
    type: 'problem',
    messages: { reason: 'An exception to a rule gives its reason: eslint-disable-next-line RULE -- reason' },
  },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const disables = /^\s*eslint-disable/.test(comment.value);
        if (disables && !/\s--\s+\S/.test(comment.value)) {
          context.report({ loc: comment.loc, messageId: 'reason' });
        }
      }
    },
  }),
};
