// One conversation with a cache program: the go command's side of the protocol (cmd/go/internal/cache/prog.go).
//
// Knows how requests and answers travel, not what is asked.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// answer is what the go command reads of a program's line.
type answer struct {
	ID            int64
	Err           string
	KnownCommands []string
	Miss          bool
	OutputID      []byte
	Size          int64
	Time          *time.Time
	DiskPath      string
}

// A request is its bytes after the ID, in parts that are written one after the other, so that large bodies share
// memory.
type request [][]byte

// The go command waits for a hello for ever; a benchmark does not.
const helloLimit = 10 * time.Second

type client struct {
	process *exec.Cmd
	in      *bufio.Writer
	pipe    io.Closer
	answers *json.Decoder
	hello   time.Duration // from exec to the first line read
	lastID  int64
}

// start runs the program with `folder` as its GOCACHE and waits for its hello.
func start(argv []string, folder string) (*client, error) {
	process := exec.Command(argv[0], argv[1:]...)
	process.Env = append(os.Environ(), "GOCACHE="+folder)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := process.Start(); err != nil {
		return nil, err
	}
	c := &client{process: process, in: bufio.NewWriter(in), pipe: in, answers: json.NewDecoder(bufio.NewReader(out))}
	impatience := time.AfterFunc(helloLimit, func() { process.Process.Kill() })
	var first answer
	err = c.answers.Decode(&first)
	c.hello = time.Since(begin)
	impatience.Stop()
	if err == nil && len(first.KnownCommands) == 0 {
		err = errors.New("a hello without commands")
	}
	if err != nil {
		c.kill()
		return nil, fmt.Errorf("hello: %w", err)
	}
	return c, nil
}

// exchange sends all requests, never more than inFlight of them unanswered, and returns the time until the last
// answer. verify sees each answer after that, with the request's index: it costs the program no time.
func (c *client) exchange(requests []request, inFlight int, verify func(int, *answer) error) (time.Duration, error) {
	answers := make([]answer, len(requests))
	first := c.lastID + 1
	free := make(chan struct{}, inFlight)
	done := make(chan error, 1)
	begin := time.Now()
	go func() { done <- c.receive(answers, first, free) }()
	for i, r := range requests {
		select {
		case free <- struct{}{}:
		case err := <-done:
			return 0, fmt.Errorf("before request %d: %w", i, err)
		}
		if err := c.send(r); err != nil {
			return 0, err
		}
	}
	if err := <-done; err != nil {
		return 0, err
	}
	took := time.Since(begin)
	for i := range answers {
		if err := verify(i, &answers[i]); err != nil {
			return 0, fmt.Errorf("request %d: %w", i, err)
		}
	}
	return took, nil
}

// receive reads one answer for each place in `answers`, in any order, and frees a slot for each.
func (c *client) receive(answers []answer, first int64, free <-chan struct{}) error {
	for range answers {
		var a answer
		if err := c.answers.Decode(&a); err != nil {
			return err
		}
		place := a.ID - first
		if place < 0 || place >= int64(len(answers)) || answers[place].ID != 0 {
			return fmt.Errorf("an answer to %d, which waits for none", a.ID)
		}
		answers[place] = a
		<-free
	}
	return nil
}

// send writes one request and flushes it, as the go command does.
func (c *client) send(r request) error {
	c.lastID++
	c.in.WriteString(`{"ID":`)
	c.in.Write(strconv.AppendInt(c.in.AvailableBuffer(), c.lastID, 10))
	for _, part := range r {
		c.in.Write(part)
	}
	return c.in.Flush() // the writer keeps its first error
}

// close ends the session in order and returns the program's peak memory in MiB, as it was before the close.
func (c *client) close() (float64, error) {
	rss, err := peakRSS(c.process.Process.Pid)
	if err != nil {
		c.kill()
		return 0, err
	}
	if _, err := c.exchange([]request{closeRequest}, 1, func(_ int, a *answer) error { return a.fault() }); err != nil {
		c.kill()
		return 0, fmt.Errorf("close: %w", err)
	}
	c.pipe.Close()
	return rss, c.process.Wait()
}

func (c *client) kill() {
	c.process.Process.Kill()
	c.process.Wait()
}

func (a *answer) fault() error {
	if a.Err != "" {
		return errors.New(a.Err)
	}
	return nil
}

// peakRSS reads VmHWM. The rusage of a finished process would not do: across exec the kernel keeps the peak of
// the process that forked, here this driver's own.
func peakRSS(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kib, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, err := strconv.ParseFloat(strings.Fields(kib)[0], 64)
			return n / 1024, err
		}
	}
	return 0, errors.New("no VmHWM in /proc")
}
