# Read-only permission on 'ops/data/production/*' path

path "ops/data/production/*" {
  capabilities = [ "read" ]
}

# What another engine has for it.
path "artifactory/production/jfrog" {
  capabilities = [ "read" ]
}
