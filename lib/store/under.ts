import type { Store } from './store.ts'
import { checkKey, checkPlace, checkPrefix } from './store.ts'

/** The part of a store under a prefix, as a store of its own: `under(store, 'sample')` keeps `a` at `sample/a`. */
export function under(store: Store, prefix: string): Store {
  checkKey(prefix)
  const full = (key: string) => `${prefix}/${checkKey(key)}`
  return {
    address: store.locate(prefix),
    locate: (key) => store.locate(full(key)),
    get: async (key) => store.get(full(key)),
    put: async (key, body, options) => store.put(full(key), body, options),
    upload: async (key, options) => store.upload(full(key), options),
    read: async (key) => store.read(full(key)),
    async *list(start) {
      for await (const listed of store.list(`${prefix}/${checkPrefix(start)}`)) {
        yield { ...listed, key: listed.key.slice(prefix.length + 1) }
      }
    },
    delete: async (key) => store.delete(full(key)),
    purge: async (place) => store.purge(`${prefix}/${checkPlace(place)}`),
    unfinished: async (start) => {
      const all = await store.unfinished(`${prefix}/${checkPrefix(start)}`)
      return all.map((upload) => ({ ...upload, key: upload.key.slice(prefix.length + 1) }))
    },
  }
}
