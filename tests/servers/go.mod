// Builds OpenBao, the real server that the store's tests run against.
//
// Nothing of it is vendored: `go build` fetches the published module. A module
// that is required does not bring its own `replace` lines along, so the
// siblings that OpenBao replaces by folders of its repository are pinned here
// to the tags whose content equals those folders.
module reconciler.test/servers

go 1.25.8

tool github.com/openbao/openbao

// OpenBao asks for v2.0.0 of these two; the first tag there is is v2.0.1.
replace (
	github.com/openbao/openbao/api/auth/approle/v2 v2.0.0 => github.com/openbao/openbao/api/auth/approle/v2 v2.6.0
	github.com/openbao/openbao/api/auth/userpass/v2 v2.0.0 => github.com/openbao/openbao/api/auth/userpass/v2 v2.6.0
)

require (
	github.com/openbao/openbao v0.0.0-20260722141719-ba7ad8861d05 // the tag v2.6.1
	github.com/openbao/openbao/api/auth/approle/v2 v2.6.0
	github.com/openbao/openbao/api/auth/kubernetes/v2 v2.6.0
	github.com/openbao/openbao/api/auth/userpass/v2 v2.6.0
	github.com/openbao/openbao/api/v2 v2.6.0
	github.com/openbao/openbao/sdk/v2 v2.6.2
)
