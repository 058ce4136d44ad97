// Crosscheck reads a log of ours with golang.org/x/mod's tlog and note, and none of our code.
//
// crosscheck LOG-DIRECTORY LOG-KEY WITNESS-KEY EARLIER-NOTE CONSISTENCY-PROOF TLOG-PROOF
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

// cosigner verifies C2SP cosignature/v1: key type 4, eight bytes of time before the Ed25519 signature.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	raw := must(base64.StdEncoding.DecodeString(parts[2]))
	if raw[0] != 4 {
		check(fmt.Errorf("not a witness key"))
	}
	return cosigner{parts[0], uint32(must(strconv.ParseUint(parts[1], 16, 32))), raw[1:]}
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

type directory string

func (d directory) Height() int                     { return 8 }
func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}
func (d directory) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		data = append(data, must(os.ReadFile(string(d)+"/tile/"+strings.TrimPrefix(tile.Path(), "tile/8/"))))
	}
	return data, nil
}

// entries splits the bundles of the whole log.
func (d directory) entries(size int64) (all [][]byte) {
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: 0, N: n, W: int(min(256, size-n*256))}
		data := must(os.ReadFile(string(d) + "/tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")))
		for len(data) > 0 {
			end := 2 + int(binary.BigEndian.Uint16(data))
			all, data = append(all, data[2:end]), data[end:]
		}
	}
	return all
}

func open(signed []byte, signatures int, verifiers ...note.Verifier) tlog.Tree {
	opened := must(note.Open(signed, note.VerifierList(verifiers...)))
	if len(opened.Sigs) != signatures {
		check(fmt.Errorf("%d good signatures, not %d", len(opened.Sigs), signatures))
	}
	lines := strings.Split(opened.Text, "\n")
	return tlog.Tree{N: must(strconv.ParseInt(lines[1], 10, 64)), Hash: must(tlog.ParseHash(lines[2]))}
}

func hashes(text string) (list []tlog.Hash) {
	for _, line := range strings.Fields(text) {
		list = append(list, must(tlog.ParseHash(line)))
	}
	return list
}

func main() {
	log, key, witness := directory(os.Args[1]), must(note.NewVerifier(os.Args[2])), newCosigner(os.Args[3])
	tree := open(must(os.ReadFile(string(log)+"/checkpoint")), 2, key, witness)
	reader := tlog.TileHashReader(tree, log)

	all := log.entries(tree.N)
	for i, entry := range all {
		stored := must(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))}))
		if stored[0] != tlog.RecordHash(entry) {
			check(fmt.Errorf("entry %d is not the one in the tree", i))
		}
	}
	if int64(len(all)) != tree.N {
		check(fmt.Errorf("%d entries, not %d", len(all), tree.N))
	}

	earlier := open(must(os.ReadFile(os.Args[4])), 1, key)
	proof := tlog.TreeProof(hashes(string(must(os.ReadFile(os.Args[5])))))
	check(tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash))
	check(tlog.CheckTree(must(tlog.ProveTree(tree.N, earlier.N, reader)), tree.N, tree.Hash, earlier.N, earlier.Hash))

	head, signed, _ := bytes.Cut(must(os.ReadFile(os.Args[6])), []byte("\n\n"))
	lines := strings.SplitN(string(head)+"\n", "\n", 4)
	index := must(strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64))
	proven := open(signed, 2, key, witness)
	check(tlog.CheckRecord(hashes(lines[3]), proven.N, proven.Hash, index, tlog.RecordHash(all[index])))
	fmt.Printf("size %d root %s earlier %d proven %d\n", tree.N, tree.Hash, earlier.N, index)
}
