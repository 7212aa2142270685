/** What a person dropped or chose: one file, or the files of a folder by their path in it. */

export type Evidence =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'folder'; readonly files: ReadonlyMap<string, File> };

/** A folder's files below the one that has its checkpoint: people choose the folder, or the one around it. */
function folderOf(paths: ReadonlyMap<string, File>): Evidence {
  const root = [...paths.keys()]
    .filter((path) => path === 'checkpoint' || path.endsWith('/checkpoint'))
    .map((path) => path.slice(0, -'checkpoint'.length))
    .sort((a, b) => a.length - b.length)[0];
  const prefix = root ?? '';
  const below = [...paths].filter(([path]) => path.startsWith(prefix));
  return { kind: 'folder', files: new Map(below.map(([path, file]) => [path.slice(prefix.length), file])) };
}

export function chosen(list: FileList): Evidence | undefined {
  const [first] = list;
  if (first === undefined) return undefined;
  if (first.webkitRelativePath === '') return { kind: 'file', file: first };
  return folderOf(new Map([...list].map((file) => [file.webkitRelativePath, file])));
}

const readAll = async (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> => {
  const entries: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and nothing at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return entries;
    entries.push(...some);
  }
};

async function collect(entry: FileSystemEntry, path: string, into: Map<string, File>): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    into.set(path, file);
    return;
  }
  for (const child of await readAll((entry as FileSystemDirectoryEntry).createReader()))
    await collect(child, path === '' ? child.name : `${path}/${child.name}`, into);
}

/** Rejects where the browser does not let a page open dropped folders; choosing one works then. */
export async function dropped(transfer: DataTransfer): Promise<Evidence | undefined> {
  const [entry] = [...transfer.items].map((item) => item.webkitGetAsEntry());
  if (entry === null || entry === undefined || entry.isFile) return chosen(transfer.files);
  const files = new Map<string, File>();
  await collect(entry, '', files);
  return folderOf(files);
}

export async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
