package qemu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The network block device protocol, as far as QEMU needs it of a server:
// https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md, the fixed
// newstyle handshake and simple replies.

const (
	nbdMagic       = 0x4e42444d41474943 // "NBDMAGIC"
	nbdOption      = 0x49484156454f5054 // "IHAVEOPT"
	nbdOptionReply = 0x0003e889045565a9
	nbdRequest     = 0x25609513
	nbdReply       = 0x67446698

	optExportName, optAbort, optInfo, optGo = 1, 2, 6, 7
	repAck, repInfo                         = 1, 3
	repUnsupported                          = 1<<31 + 1
	flagsOfServer                           = 1<<0 | 1<<2 | 1<<3 // has flags, flush, FUA

	cmdRead, cmdWrite, cmdDisc, cmdFlush = 0, 1, 2, 3
	withFUA                              = 1

	nbdIO, nbdInvalid = 5, 22 // errors
	maxOption         = 64 << 10
	maxRequest        = 32 << 20
)

// contents are what an NBD client reads and writes. An error is the guest's I/O
// error.
type contents interface {
	size() int64
	read(p []byte, offset int64) error
	write(p []byte, offset int64, through bool) error
	flush() error
}

var errDisconnected = errors.New("the client has gone")

// serveNBD answers one client until it goes.
func serveNBD(conn io.ReadWriter, c contents) error {
	if err := greet(conn, c); err != nil {
		return fmt.Errorf("nbd: greeting: %w", err)
	}
	for {
		if err := answer(conn, c); errors.Is(err, errDisconnected) || errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("nbd: %w", err)
		}
	}
}

// greet talks about options until the client begins.
func greet(conn io.ReadWriter, c contents) error {
	hello := binary.BigEndian.AppendUint64(nil, nbdMagic)
	hello = binary.BigEndian.AppendUint64(hello, nbdOption)
	hello = binary.BigEndian.AppendUint16(hello, 1|2) // fixed newstyle, no zeroes
	if _, err := conn.Write(hello); err != nil {
		return err
	}
	var flags [4]byte
	if _, err := io.ReadFull(conn, flags[:]); err != nil {
		return err
	}
	for {
		if begun, err := option(conn, c, binary.BigEndian.Uint32(flags[:])&2 != 0); begun || err != nil {
			return err
		}
	}
}

// option answers one option, and says whether the client has begun with it.
func option(conn io.ReadWriter, c contents, noZeroes bool) (begun bool, err error) {
	var head [16]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return false, err
	}
	which, length := binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:])
	if binary.BigEndian.Uint64(head[:]) != nbdOption || length > maxOption {
		return false, errors.New("not an option")
	}
	if _, err := io.CopyN(io.Discard, conn, int64(length)); err != nil {
		return false, err
	}
	export := binary.BigEndian.AppendUint64(nil, uint64(c.size()))
	export = binary.BigEndian.AppendUint16(export, flagsOfServer)
	switch which {
	case optExportName:
		if !noZeroes {
			export = append(export, make([]byte, 124)...)
		}
		_, err = conn.Write(export)
		return true, err
	case optGo, optInfo:
		info := append([]byte{0, 0}, export...) // NBD_INFO_EXPORT
		if err := optionReply(conn, which, repInfo, info); err != nil {
			return false, err
		}
		return which == optGo, optionReply(conn, which, repAck, nil)
	case optAbort:
		_ = optionReply(conn, which, repAck, nil)
		return false, errDisconnected
	}
	return false, optionReply(conn, which, repUnsupported, nil)
}

func optionReply(w io.Writer, which, kind uint32, data []byte) error {
	reply := binary.BigEndian.AppendUint64(nil, nbdOptionReply)
	reply = binary.BigEndian.AppendUint32(reply, which)
	reply = binary.BigEndian.AppendUint32(reply, kind)
	reply = binary.BigEndian.AppendUint32(reply, uint32(len(data)))
	_, err := w.Write(append(reply, data...))
	return err
}

// answer answers one request.
func answer(conn io.ReadWriter, c contents) error {
	var head [28]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	flags, command := binary.BigEndian.Uint16(head[4:]), binary.BigEndian.Uint16(head[6:])
	offset, length := int64(binary.BigEndian.Uint64(head[16:])), int64(binary.BigEndian.Uint32(head[24:]))
	if binary.BigEndian.Uint32(head[:]) != nbdRequest || length > maxRequest {
		return errors.New("not a request")
	}
	reply := binary.BigEndian.AppendUint32(nil, nbdReply)
	var data []byte
	var failed error
	inside := offset >= 0 && offset <= c.size()-length
	switch {
	case command == cmdDisc:
		return errDisconnected
	case command == cmdWrite:
		data = make([]byte, length)
		if _, err := io.ReadFull(conn, data); err != nil {
			return err
		}
		if failed = errInvalid; inside {
			failed = c.write(data, offset, flags&withFUA != 0)
		}
		data = nil
	case command == cmdRead && inside:
		data = make([]byte, length)
		failed = c.read(data, offset)
	case command == cmdFlush:
		failed = c.flush()
	default:
		failed = errInvalid
	}
	reply = binary.BigEndian.AppendUint32(reply, nbdError(failed))
	reply = append(reply, head[8:16]...) // the client's handle
	if failed == nil {
		reply = append(reply, data...)
	}
	_, err := conn.Write(reply)
	return err
}

var errInvalid = errors.New("a request that no drive can do")

func nbdError(err error) uint32 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInvalid):
		return nbdInvalid
	}
	return nbdIO
}
