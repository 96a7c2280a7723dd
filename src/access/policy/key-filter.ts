import { HclError } from '../hcl/errors.ts'

/**
 * `list_scan_response_keys_filter_path` of OpenBao: a Go template that must make another path of every key
 * (openbao vault/policy/policy.go, sdk/helper/template). Templates of fields and text alone are judged as the server
 * does; of anything that computes we say nothing.
 */
export function checkKeyFilter(template: string): void {
  const actions = template.match(/\{\{[\s\S]*?\}\}/g) ?? []
  const rest = template.replace(/\{\{[\s\S]*?\}\}/g, '')
  if (rest.includes('{{')) return
  if (!actions.every((action) => /^\{\{(?:- )?\s*\.[A-Za-z_][A-Za-z_0-9]*\s*(?: -)?\}\}$/.test(action))) return
  if (!actions.some((action) => /\.key\b/.test(action)))
    throw new HclError('list_scan_response_keys_filter_path resulted in same path for two different keys')
}
