package tuf

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"

	"signer/ceremony/secret"
)

// derForm is how v0.5.2 and v0.7.0 keep private keys of one type: DER in PEM, in
// one JSON string. Of another PEM type they open none (measured).
type derForm struct {
	scheme string
	block  string
	public func(private secret.Bytes) (material string, err error)
	weak   func(spelled string) (material, problem string) // as metadata is read
}

const publicBlock = "PUBLIC KEY"

// derForms are the forms by key type. The ECDSA keys that v0.7.0 makes have the
// type "ecdsa" (measured): they keep it, for it is part of their id.
func derForms() map[string]derForm {
	ec := derForm{keyECDSA, "EC PRIVATE KEY", publicOfECDSA, decodeECDSA}
	return map[string]derForm{
		keyECDSA:    ec,
		keyECDSAOld: ec,
		keyRSA:      {schemeRSA, "RSA PRIVATE KEY", publicOfRSA, decodeRSA},
	}
}

// readDER takes a key that metadata would list, too.
func readDER(r *fieldReader, key, keyval object, keyType string, form derForm) (*PrivateKey, error) {
	if key.has("scheme") {
		r.exactly(key, "scheme", form.scheme)
	}
	public := r.pem(keyval, "public", publicBlock)
	private := r.pem(keyval, "private", form.block)
	if r.err != nil {
		private.Wipe()
		return nil, errInside
	}
	k, err := form.keep(private, public, keyType)
	if err != nil {
		private.Wipe()
	}
	return k, err
}

func (form derForm) keep(private, public secret.Bytes, keyType string) (*PrivateKey, error) {
	material, err := form.public(private)
	if err != nil {
		return nil, err
	}
	spelled := pemOf(material)
	if _, problem := form.weak(spelled); problem != "" {
		return nil, errors.New(problem)
	}
	if string(public) != material {
		return nil, errHalves
	}
	return keeping(private, listedAs(keyType, form.scheme, spelled, material)), nil
}

// pem reads a PEM block from a string of JSON. Of the secret in it one copy is
// left, the one that is returned.
func (r *fieldReader) pem(o object, name, block string) secret.Bytes {
	v := r.need(o, name)
	if r.err != nil {
		return nil
	}
	text, ok := unescapedLines(v)
	defer text.Wipe()
	if !ok {
		r.err = v.fault("want PEM")
		return nil
	}
	found, rest := pem.Decode(text)
	if found == nil || found.Type != block || len(found.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		r.err = v.fault("want one PEM block of the type %s", block)
		return nil
	}
	return found.Bytes
}

// unescapedLines is the text of a JSON string in which nothing but the ends of
// lines is escaped.
func unescapedLines(v value) (text secret.Bytes, ok bool) {
	raw := v.raw()
	if v.first() != '"' {
		return nil, false
	}
	text = make(secret.Bytes, 0, len(raw))
	for rest := raw[1 : len(raw)-1]; len(rest) > 0; {
		line, after, escaped := bytes.Cut(rest, []byte(`\`))
		text = append(text, line...)
		if !escaped {
			break
		}
		if len(after) == 0 || after[0] != 'n' {
			return text, false
		}
		text, rest = append(text, '\n'), after[1:]
	}
	return text, true
}

// appendPEM writes a block as encoding/pem does, its ends of lines escaped for
// JSON, without a copy.
func appendPEM(b secret.Bytes, block string, der []byte) secret.Bytes {
	const perLine = 48 // bytes, which are 64 letters
	const newline = `\n`
	b = append(b, "-----BEGIN "+block+"-----"+newline...)
	for len(der) > 0 {
		n := min(perLine, len(der))
		b = base64.StdEncoding.AppendEncode(b, der[:n])
		b, der = append(b, newline...), der[n:]
	}
	return append(b, "-----END "+block+"-----"+newline...)
}
