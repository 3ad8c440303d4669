// Classifies texts with the engine file alone: its documented ABI (docs/engine-abi.md) from Go, by the runtime wazero.
//
//	go run . engine.simd.wasm sentiment-zh-en.safetensors "great value" "服务态度差"
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"strings"

	"github.com/tetratelabs/wazero"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: classify ENGINE MODEL TEXT…")
	}
	engine, model, texts := read(os.Args[1]), read(os.Args[2]), os.Args[3:]
	ctx := context.Background()
	wasm, err := wazero.NewRuntime(ctx).Instantiate(ctx, engine) // the engine imports nothing
	check(err)
	call := func(name string, arguments ...uint64) uint32 {
		results, err := wasm.ExportedFunction(name).Call(ctx, arguments...)
		check(err)
		return uint32(results[0])
	}
	give := func(data []byte) uint64 { // copies into the engine's memory
		at := call("wcw_alloc", uint64(len(data)))
		if at == 0 || !wasm.Memory().Write(at, data) {
			log.Fatal("the engine's memory is exhausted")
		}
		return uint64(at)
	}
	done := func(code int32) int32 {
		if code < 0 {
			message, _ := wasm.Memory().Read(call("wcw_output"), call("wcw_output_size"))
			log.Fatalf("engine error %d: %s", code, message)
		}
		return code
	}
	handle := done(int32(call("wcw_load", give(model), uint64(len(model)))))

	// Texts separated by NUL, offsets 0; the engine writes probabilities and labels. Two classes: P = 2, L = 1.
	joined, n, classes := []byte(strings.Join(texts, "\x00")), len(texts), 2
	probabilities, labels := give(make([]byte, 8*n*classes)), give(make([]byte, 4*n))
	request := make([]byte, 40)
	for i, word := range []uint64{give(joined), uint64(len(joined)), 0, uint64(n), 0, probabilities, labels, 0, 0, 0} {
		binary.LittleEndian.PutUint32(request[4*i:], uint32(word))
	}
	done(int32(call("wcw_classify", uint64(handle), give(request))))
	for i, text := range texts {
		label, _ := wasm.Memory().ReadUint32Le(uint32(labels) + uint32(4*i))
		bits, _ := wasm.Memory().ReadUint64Le(uint32(probabilities) + uint32(8*(i*classes+int(label))))
		fmt.Printf("class %d\t%v\t%s\n", label, math.Float64frombits(bits), text)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
