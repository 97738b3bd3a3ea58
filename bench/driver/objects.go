// What is asked: objects with keys, and the requests and checks made of them.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
)

// object is one thing to store: its IDs and its body in base64, in one or two parts.
type object struct {
	action, output string
	size           int64
	body           [][]byte
}

// headSize is how many bytes of a body are its own; the rest is shared by all bodies of one call of objects, so
// that large ones need not all be in memory. A multiple of 3: base64 of head and rest can be joined.
const headSize = 48

var closeRequest = request{[]byte(",\"Command\":\"close\"}\n\n")}

// objects makes n objects of size bytes. The same kind gives the same objects in every run.
func objects(kind string, n, size int) []object {
	random := rand.NewChaCha8(sha256.Sum256([]byte(kind)))
	raw := likeObjectCode(random, size)
	own := min(size, headSize)
	rest := []byte(base64.StdEncoding.EncodeToString(raw[own:]))
	list := make([]object, n)
	for i := range list {
		random.Read(raw[:own])
		output := sha256.Sum256(raw)
		action := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, i))
		list[i] = object{
			action: base64.StdEncoding.EncodeToString(action[:]),
			output: base64.StdEncoding.EncodeToString(output[:]),
			size:   int64(size),
			body:   [][]byte{[]byte(base64.StdEncoding.EncodeToString(raw[:own])), rest},
		}
	}
	return list
}

// likeObjectCode gives bytes that compress to about a third, as compiled packages do.
func likeObjectCode(random *rand.ChaCha8, size int) []byte {
	var b bytes.Buffer
	b.Grow(size + 64)
	noise := make([]byte, 24)
	for i := 0; b.Len() < size; i++ {
		random.Read(noise)
		b.Write(noise)
		b.Write(bytes.Repeat([]byte{byte(i)}, 40))
	}
	return b.Bytes()[:size]
}

func gets(list []object) []request {
	requests := make([]request, len(list))
	for i, o := range list {
		requests[i] = request{fmt.Appendf(nil, ",\"Command\":\"get\",\"ActionID\":%q}\n\n", o.action)}
	}
	return requests
}

func puts(list []object) []request {
	requests := make([]request, len(list))
	for i, o := range list {
		head := fmt.Appendf(nil, ",\"Command\":\"put\",\"ActionID\":%q,\"OutputID\":%q,\"BodySize\":%d}\n\n\"", o.action, o.output, o.size)
		requests[i] = append(append(request{head}, o.body...), []byte("\"\n"))
	}
	return requests
}

// stored checks that each answer names a file of its object's size.
func stored(list []object) func(int, *answer) error {
	return func(i int, a *answer) error {
		if err := a.fault(); err != nil {
			return err
		}
		if a.Miss || a.DiskPath == "" {
			return errors.New("a miss")
		}
		file, err := os.Stat(a.DiskPath)
		if err == nil && file.Size() != list[i].size {
			err = fmt.Errorf("%s has %d bytes", a.DiskPath, file.Size())
		}
		return err
	}
}

func missed(_ int, a *answer) error {
	if !a.Miss && a.Err == "" {
		return errors.New("a hit for a key that was never put")
	}
	return nil
}
