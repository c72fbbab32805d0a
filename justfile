# Shortcuts. Nothing needs them: each is a command that can be typed.

# Format, vet and module files: seconds, before each commit
check:
    test -z "$(gofmt -l .)" && go vet ./... && go mod tidy -diff

# All tests, as in the README
test:
    go test -timeout 1h ./...

# Every fuzz target, each for this long
fuzz time="30s":
    .ci/fuzz {{ time }}

# The golden files, written anew: look at the difference before it is committed
golden:
    go test ./ui ./ceremony/tuf -update

# The handbook and its screens, written anew from rehearsals
docs:
    go test ./ui -run Handbook -update

# The machine's share of the work, which docs/benchmarks.md reports
bench:
    go test -run '^$' -bench . -benchmem ./...

# Practise on virtual drives: just rehearse, just rehearse create --line
rehearse *args:
    go run ./cmd/signer rehearse {{ args }}

# The bootable image: just image, just image verify signer.img
image *args:
    go run ./image/mkimage {{ args }}

# The image in an emulator, with virtual USB sticks: just vm signer.img
vm *args:
    go run ./image/vm {{ args }}

# The pictures of the handbook, taken anew from the real console
shots:
    go test ./image/boot -run 'Shot|AppliancePage' -update
