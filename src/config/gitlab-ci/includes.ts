import { type CiMap, type CiPlace, type CiValue, flatItems, get, textOf } from '../../gitlab/check/value.ts'

/** One entry of `include:`. Its `rules` do not count: a file that may be included is read. */
export type Include =
  | { readonly kind: 'local'; readonly path: string; readonly at: CiPlace; readonly inputs?: CiMap }
  | { readonly kind: 'elsewhere'; readonly what: string; readonly at: CiPlace }
  | { readonly kind: 'unknown'; readonly at: CiPlace }

const elsewhere = ['project', 'remote', 'template', 'component', 'artifact']

export function includesOf(value: CiValue | undefined): readonly Include[] {
  return flatItems(value).flatMap((item): Include[] => {
    const text = textOf(item)
    if (text !== undefined) return [fromText(text, item.at)]
    const inputs = get(item, 'inputs')
    const given = inputs?.type === 'map' ? { inputs } : {}
    const local = get(item, 'local')
    if (local?.type === 'scalar') return [{ kind: 'local', path: textOf(local) ?? '', at: local.at, ...given }]
    const component = textOf(get(item, 'component'))
    const own = component === undefined ? undefined : ownComponent(component)
    if (own !== undefined) return [{ kind: 'local', path: own, at: item.at, ...given }]
    const other = elsewhere.find((key) => get(item, key) !== undefined)
    return [other === undefined ? { kind: 'unknown', at: item.at } : { kind: 'elsewhere', what: other, at: item.at }]
  })
}

function fromText(text: string, at: CiPlace): Include {
  return /^https?:/i.test(text) ? { kind: 'elsewhere', what: 'remote', at } : { kind: 'local', path: text, at }
}

/** A component of the project itself, at the commit that runs. */
function ownComponent(component: string): string | undefined {
  const [, name] =
    /^\$\{?CI_SERVER_(?:FQDN|HOST)\}?\/\$\{?CI_PROJECT_PATH\}?\/([\w-]+)@\$\{?CI_COMMIT_SHA\}?$/.exec(component) ?? []
  return name === undefined ? undefined : `templates/${name}.yml`
}
