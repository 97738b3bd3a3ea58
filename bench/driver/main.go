// Driver measures a cache program as the go command would use it, without the go command.
//
//	driver [-n 3000] [-size 3000] [-big 8388608] [-bigs 16] [-in FOLDER] [-json] -- PROGRAM [ARG...]
//
// Each phase talks to a fresh process; all of them share one cache folder, made in FOLDER, which starts empty and
// is removed at the end. The rate of puts cannot pass that at which the file system makes files, which differs by
// a factor of 50 between disks: the line "bare files, pairs" says what it is there. Requests are made before the clock starts, so that what is timed is the program and the pipes.
// Every answer is checked: a hit or a put must name a file of the right size, and a key never put must miss.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// figure is one line of the result.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// bench is what all phases need to know.
type bench struct {
	argv   []string
	folder string
	small  []object
	big    []object
	out    []figure
}

const (
	hellos        = 21
	inFlightSmall = 8
	inFlightBig   = 4
)

func main() {
	n := flag.Int("n", 3000, "small objects")
	size := flag.Int("size", 3000, "bytes in a small object")
	bigs := flag.Int("bigs", 16, "large objects")
	big := flag.Int("big", 8<<20, "bytes in a large object")
	in := flag.String("in", "", "where to make the cache folder (default: where temporary files go)")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	if flag.NArg() == 0 || min(*n, *size, *bigs, *big) < 1 {
		fail(errors.New("needs a program, and counts and sizes above 0"))
	}
	folder, err := os.MkdirTemp(*in, "driver-")
	check(err)
	b := &bench{argv: flag.Args(), folder: folder, small: objects("small", *n, *size), big: objects("big", *bigs, *big)}
	err = b.run()
	os.RemoveAll(folder)
	check(err)
	print(strings.Join(b.argv, " "), b.out, *asJSON)
}

// run is the table of contents: the phases, in the order that fills the cache before it is read.
func (b *bench) run() error {
	for _, phase := range []func() error{b.hello, b.bareFiles, b.puts, b.gets, b.misses, b.bigPuts} {
		if err := phase(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) add(name string, value float64, unit string) {
	b.out = append(b.out, figure{name, value, unit})
}

// session runs one phase's conversation and returns the program's peak memory in MiB.
func (b *bench) session(talk func(*client) error) (rss float64, err error) {
	c, err := start(b.argv, b.folder)
	if err != nil {
		return 0, err
	}
	if err := talk(c); err != nil {
		c.kill()
		return 0, err
	}
	return c.close()
}

// hello measures from exec to the first answer, as the median of some processes.
func (b *bench) hello() error {
	var waits []time.Duration
	for range hellos {
		if _, err := b.session(func(c *client) error {
			waits = append(waits, c.hello)
			return nil
		}); err != nil {
			return err
		}
	}
	sort.Slice(waits, func(i, j int) bool { return waits[i] < waits[j] })
	b.add("hello", waits[hellos/2].Seconds()*1e3, "ms")
	return nil
}

// bareFiles writes two files for each object, as a put must, with nothing around it, in 256 folders that are there.
func (b *bench) bareFiles() error {
	folder := filepath.Join(b.folder, "bare")
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(folder, fmt.Sprintf("%02x", i)), 0o777); err != nil {
			return err
		}
	}
	body := make([]byte, b.small[0].size)
	begin := time.Now()
	for i := range b.small {
		name := filepath.Join(folder, fmt.Sprintf("%02x", i%256), strconv.Itoa(i))
		for _, suffix := range []string{"-d", "-a"} {
			if err := os.WriteFile(name+suffix, body, 0o666); err != nil {
				return err
			}
		}
	}
	b.add("bare files, pairs", float64(len(b.small))/time.Since(begin).Seconds(), "/s")
	return os.RemoveAll(folder)
}

func (b *bench) puts() error {
	rss, err := b.session(func(c *client) error {
		took, err := c.exchange(puts(b.small), inFlightSmall, stored(b.small))
		b.add("puts", float64(len(b.small))/took.Seconds(), "/s")
		return err
	})
	b.add("puts, peak RSS", rss, "MiB")
	return err
}

// gets asks for each object twice and times the second round.
func (b *bench) gets() error {
	rss, err := b.session(func(c *client) error {
		if _, err := c.exchange(gets(b.small), inFlightSmall, stored(b.small)); err != nil {
			return err
		}
		took, err := c.exchange(gets(b.small), inFlightSmall, stored(b.small))
		if err != nil {
			return err
		}
		b.add("gets", float64(len(b.small))/took.Seconds(), "/s")
		took, err = c.exchange(gets(b.small), 1, stored(b.small))
		b.add("gets, one at a time", took.Seconds()*1e6/float64(len(b.small)), "us")
		return err
	})
	b.add("gets, peak RSS", rss, "MiB")
	return err
}

func (b *bench) misses() error {
	_, err := b.session(func(c *client) error {
		absent := objects("absent", len(b.small), 0)
		took, err := c.exchange(gets(absent), inFlightSmall, missed)
		b.add("misses", float64(len(absent))/took.Seconds(), "/s")
		return err
	})
	return err
}

func (b *bench) bigPuts() error {
	rss, err := b.session(func(c *client) error {
		took, err := c.exchange(puts(b.big), inFlightBig, stored(b.big))
		b.add("large puts", float64(len(b.big))*float64(b.big[0].size)/1e6/took.Seconds(), "MB/s")
		return err
	})
	b.add("large puts, peak RSS", rss, "MiB")
	return err
}

func print(program string, figures []figure, asJSON bool) {
	if asJSON {
		check(json.NewEncoder(os.Stdout).Encode(map[string]any{"program": program, "figures": figures}))
		return
	}
	fmt.Println(program)
	for _, f := range figures {
		fmt.Printf("  %-22s %10.1f %s\n", f.Name, f.Value, f.Unit)
	}
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "driver:", err)
	os.Exit(1)
}
