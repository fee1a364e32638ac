/** What an S3 lists as multipart uploads that were begun and are not over, for a server that does not keep that list. */
export interface BegunUploads {
  /** Sees what was asked and answered. */
  see(asked: { readonly method: string; readonly url: URL }, answer: { readonly status: number; readonly body: string }): void
  /** The answer to ListMultipartUploads, as XML. */
  list(url: URL): string
}

/** S3 gives 1,000 at once; with so few, any suite turns pages. */
const pageSize = 2

export function begunUploads(): BegunUploads {
  const begun: { readonly bucket: string; readonly key: string; readonly id: string }[] = []

  return {
    see({ method, url }, { status, body }) {
      if (status >= 300) return
      const id = url.searchParams.get('uploadId')
      if (method === 'POST' && url.searchParams.has('uploads')) {
        begun.push({ ...placeOf(url), id: /<UploadId>(.*?)<\/UploadId>/.exec(body)?.[1] ?? '' })
      } else if (id !== null && (method === 'POST' || method === 'DELETE')) {
        const at = begun.findIndex((one) => one.id === id)
        if (at !== -1) begun.splice(at, 1)
      }
    },

    list(url) {
      const asked = (name: string) => url.searchParams.get(name) ?? ''
      const { bucket } = placeOf(url)
      const order = ({ key, id }: { key: string; id: string }) => `${key}\n${id}`
      const after = asked('upload-id-marker') === '' ? '' : order({ key: asked('key-marker'), id: asked('upload-id-marker') })
      const rest = begun
        .filter((one) => one.bucket === bucket && one.key.startsWith(asked('prefix')) && order(one) > after)
        .sort((one, other) => (order(one) < order(other) ? -1 : 1))
      const page = rest.slice(0, pageSize)
      const last = page.at(-1)
      const uploads = page.map(({ key, id }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
      const next =
        last === undefined ? '' : `<NextKeyMarker>${last.key}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
      const isTruncated = `<IsTruncated>${rest.length > page.length}</IsTruncated>`
      return `<ListMultipartUploadsResult>${isTruncated}${next}${uploads.join('')}</ListMultipartUploadsResult>`
    },
  }
}

function placeOf({ pathname }: URL): { readonly bucket: string; readonly key: string } {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? []
  return { bucket, key }
}
