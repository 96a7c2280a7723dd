# All that a plan asks of the server, and looking for drift: it reads what the environments own, and no secret.

# Which auth mounts there are, and how they are tuned.
path "sys/auth" {
  capabilities = ["read"]
}

# Which policies there are. The second one gives their texts as well, of those that may be read; OpenBao has it.
path "sys/policies/acl" {
  capabilities = ["list"]
}

path "sys/policies/detailed/acl" {
  capabilities = ["list"]
}

# The policies that the environments own, and no other team's.
path "sys/policies/acl/build-token" {
  capabilities = ["read"]
}

path "sys/policies/acl/nexus-ci" {
  capabilities = ["read"]
}

path "sys/policies/acl/myproject-*" {
  capabilities = ["read"]
}

path "sys/policies/acl/vaultwright-*" {
  capabilities = ["read"]
}

# The mount "jwt": its issuer and its roles.
path "auth/jwt/config" {
  capabilities = ["read"]
}

path "auth/jwt/role" {
  capabilities = ["list"]
}

path "auth/jwt/role/*" {
  capabilities = ["read"]
}

# The same of the mount "jwt_cwiq".
path "auth/jwt_cwiq/config" {
  capabilities = ["read"]
}

path "auth/jwt_cwiq/role" {
  capabilities = ["list"]
}

path "auth/jwt_cwiq/role/*" {
  capabilities = ["read"]
}

# The token ends with the job that got it. The policy "default" would allow this, and more.
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
