/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's own variables. Nothing else in the gateway reads them: secrets are named in the configuration. */
export function processEnvironment(): Environment {
  return process.env;
}
