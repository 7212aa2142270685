/** Variables that the command line reads; `sallyport help environment` is made from this table. */
export const variables = {
  SALLYPORT_URL: 'address of the gateway’s API; default http://127.0.0.1:7543',
  SALLYPORT_TOKEN: 'your token; a file given by --token-file comes first',
  NO_COLOR: 'if set and not empty: no colours (no-color.org)',
} as const;

export interface Environment {
  readonly url: string;
  readonly token: string | null;
  readonly noColour: boolean;
}

const defaultUrl = 'http://127.0.0.1:7543';

export function readEnvironment(values: Readonly<Record<string, string | undefined>>): Environment {
  const given = (name: keyof typeof variables): string | null => {
    const value = values[name];
    return value === undefined || value === '' ? null : value;
  };
  return {
    url: given('SALLYPORT_URL') ?? defaultUrl,
    token: given('SALLYPORT_TOKEN'),
    noColour: given('NO_COLOR') !== null,
  };
}
