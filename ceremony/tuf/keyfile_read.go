package tuf

import (
	"encoding/base64"
	"encoding/hex"

	"signer/ceremony/secret"
)

// readKeyFile reads the file strictly, and derives nothing.
func readKeyFile(b []byte) (f keyFile, err error) {
	top, err := scan(b, MaxKeyFileSize)
	if err != nil {
		return f, err
	}
	r := &fieldReader{}
	file := r.object(top, "encrypted", "data")
	if f.Encrypted = r.boolean(file, "encrypted"); r.err != nil || !f.Encrypted {
		return f, r.err
	}
	data := r.object(r.need(file, "data"), "kdf", "cipher", "ciphertext")
	kdf := r.object(r.need(data, "kdf"), "name", "params", "salt")
	params := r.object(r.need(kdf, "params"), "N", "r", "p")
	cipher := r.object(r.need(data, "cipher"), "name", "nonce")

	f.Data.KDF.Name = r.exactly(kdf, "name", "scrypt")
	f.Data.KDF.Params = scryptParams{N: Cost(r.integer(params, "N")), R: r.integer(params, "r"), P: r.integer(params, "p")}
	f.Data.KDF.Salt = r.base64(kdf, "salt", saltSize)
	f.Data.Cipher.Name = r.exactly(cipher, "name", "nacl/secretbox")
	f.Data.Cipher.Nonce = r.base64(cipher, "nonce", nonceSize)
	f.Data.Ciphertext = r.base64(data, "ciphertext", anySize)
	return f, r.err
}

// fieldReader reads fields strictly and remembers the first that is not as it
// should be. After that it reads nothing more.
type fieldReader struct {
	strict reader // its zero Mode is Strict
	err    error
}

func (r *fieldReader) object(v value, names ...string) (o object) {
	if r.err == nil {
		o, r.err = r.strict.object(v, names...)
	}
	return o
}

func (r *fieldReader) need(o object, name string) (v value) {
	if r.err == nil {
		v, r.err = o.need(name)
	}
	return v
}

func (r *fieldReader) boolean(o object, name string) (b bool) {
	if v := r.need(o, name); r.err == nil {
		b, r.err = v.boolean()
	}
	return b
}

func (r *fieldReader) integer(o object, name string) (i int64) {
	if r.err == nil {
		i, r.err = o.integer(name, 1)
	}
	return i
}

func (r *fieldReader) exactly(o object, name, want string) string {
	if v := r.need(o, name); r.err == nil && string(v.raw()) != `"`+want+`"` {
		r.err = v.fault("want %q", want)
	}
	return want
}

const anySize = -1

func (r *fieldReader) base64(o object, name string, size int) []byte {
	v := r.need(o, name)
	if r.err != nil {
		return nil
	}
	text, err := v.text()
	if err != nil {
		r.err = err
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		r.err = v.fault("want base64")
	case size != anySize && len(b) != size:
		r.err = v.fault("%d bytes, want %d", len(b), size)
	}
	return b
}

// hex reads a secret from its digits, and makes no other copy of them.
func (r *fieldReader) hex(o object, name string, size int) secret.Bytes {
	v := r.need(o, name)
	if r.err != nil {
		return nil
	}
	digits, b := v.raw(), make(secret.Bytes, size)
	if v.first() != '"' || len(digits) != hex.EncodedLen(size)+len(`""`) {
		r.err = v.fault("want %d bytes in hex", size)
	} else if _, err := hex.Decode(b, digits[1:len(digits)-1]); err != nil {
		r.err = v.fault("want hex")
	}
	return b
}
