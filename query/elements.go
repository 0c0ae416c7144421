package query

import (
	"encoding"
	"encoding/json"
	"reflect"

	"github.com/freshet-go/freshet/internal/rawjson"
)

// elements says where in a text the elements are that were decoded into a slice, and
// where in the data that slice is.
type elements struct {
	text  *rawjson.List
	place place
}

// place is where in a value of some type its elements are.
type place struct {
	ok      bool
	pointer bool // to what has them
	field   int  // of a struct, -1 if the value is the slice
}

// elementsOf finds the elements of what was decoded from text into data. It is nil
// if there is any doubt.
func elementsOf(text []byte, member string, data any) *elements {
	v := reflect.ValueOf(data).Elem()
	p := placeIn(v.Type(), member)
	if !p.ok {
		return nil
	}
	list, ok := rawjson.Split(text, member)
	if !ok {
		return nil
	}
	if slice, ok := p.in(v); !ok || slice.Len() != list.Len() {
		return nil
	}
	return &elements{list, p}
}

// next decodes text into data, which is zero, and takes from the data before what is
// in both. It is false if there is any doubt, and data are to be decoded as a whole.
func (x *elements) next(text []byte, before, data any) (*elements, bool) {
	if x == nil {
		return nil, false
	}
	list, from, ok := x.text.Next(text)
	if !ok {
		return nil, false
	}
	made := reflect.New(reflect.TypeOf(data).Elem()) // data stay zero until all is well
	if x.place.field >= 0 && json.Unmarshal(list.Rest(), made.Interface()) != nil {
		return nil, false
	}
	old, _ := x.place.in(reflect.ValueOf(before).Elem())
	slice, ok := x.place.in(made.Elem())
	if !ok {
		return nil, false
	}
	slice.Set(reflect.MakeSlice(slice.Type(), list.Len(), list.Len()))
	for i := 0; i < len(from); {
		if from[i] < 0 {
			if json.Unmarshal(list.Element(i), slice.Index(i).Addr().Interface()) != nil {
				return nil, false
			}
			i++
			continue
		}
		run := i + 1
		for run < len(from) && from[run] == from[i]+run-i {
			run++
		}
		reflect.Copy(slice.Slice(i, run), old.Slice(from[i], from[i]+run-i))
		i = run
	}
	reflect.ValueOf(data).Elem().Set(made.Elem())
	return &elements{list, x.place}, true
}

// in returns the slice in v that has the elements.
func (p place) in(v reflect.Value) (reflect.Value, bool) {
	if p.pointer {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	if p.field >= 0 {
		v = v.Field(p.field)
	}
	return v, true
}

// placeIn finds the slice in values of type t that is decoded from the array which
// is named by member.
func placeIn(t reflect.Type, member string) place {
	if member == "" {
		return place{ok: t.Kind() == reflect.Slice && !decodesItself(t), field: -1}
	}
	var p place
	s := t
	if s.Kind() == reflect.Pointer {
		p.pointer, s = true, t.Elem()
	}
	if s.Kind() != reflect.Struct || decodesItself(t) || decodesItself(s) {
		return place{}
	}
	// Which field has the name is asked of the decoder itself.
	name, err := json.Marshal(member)
	probe := reflect.New(s)
	if err != nil || json.Unmarshal([]byte("{"+string(name)+":[]}"), probe.Interface()) != nil {
		return place{}
	}
	for i := range s.NumField() {
		f := probe.Elem().Field(i)
		if !f.CanSet() || f.Kind() != reflect.Slice || f.IsNil() {
			continue
		}
		if p.ok || decodesItself(f.Type()) {
			return place{}
		}
		p.ok, p.field = true, i
	}
	return p
}

// decodesItself reports whether values of type t have a method that decodes them.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) ||
		t.Implements(reflect.TypeFor[json.Unmarshaler]()) || t.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
