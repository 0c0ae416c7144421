package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// describe renders the exported API of pkg: constants, variables and functions
// first, then each type with its fields and methods, all in order of name.
func describe(pkg *types.Package) string {
	d := description{pkg: pkg}
	var values, typeNames []types.Object
	for _, name := range pkg.Scope().Names() { // sorted by name
		object := pkg.Scope().Lookup(name)
		switch {
		case !object.Exported():
		case isType(object):
			typeNames = append(typeNames, object)
		default:
			values = append(values, object)
		}
	}
	d.line("package %s // import %q", pkg.Name(), pkg.Path())
	d.line("")
	for _, object := range slices.Concat(
		only[*types.Const](values), only[*types.Var](values), only[*types.Func](values),
	) {
		d.value(object)
	}
	for _, object := range typeNames {
		d.line("")
		d.declaredType(object.(*types.TypeName)) //nolint:errcheck // isType chose it
	}
	return d.text.String()
}

func isType(object types.Object) bool {
	_, ok := object.(*types.TypeName)
	return ok
}

func only[T types.Object](objects []types.Object) []types.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(object types.Object) bool {
		_, ok := object.(T)
		return !ok
	})
}

// description is the text about one package while it grows.
type description struct {
	pkg  *types.Package
	text strings.Builder
}

func (d *description) line(format string, args ...any) {
	fmt.Fprintf(&d.text, format+"\n", args...)
}

// qualify names foreign packages by their name and the package itself not at
// all, as its source does.
func (d *description) qualify(other *types.Package) string {
	if other == d.pkg {
		return ""
	}
	return other.Name()
}

func (d *description) typeString(t types.Type) string {
	return types.TypeString(t, d.qualify)
}

// value renders a constant with its value, since callers compile that in.
func (d *description) value(object types.Object) {
	text := types.ObjectString(object, d.qualify)
	if constant, ok := object.(*types.Const); ok && !strings.Contains(text, " = ") {
		text += " = " + constant.Val().ExactString()
	}
	d.line("%s", text)
}

func (d *description) declaredType(object *types.TypeName) {
	if object.IsAlias() {
		d.line("%s", types.ObjectString(object, d.qualify))
		return
	}
	named := object.Type()
	switch under := named.Underlying().(type) {
	case *types.Struct:
		d.line("type %s struct%s", d.typeString(named), structNote(named, under))
		d.fields(under)
	case *types.Interface:
		d.line("type %s interface%s", d.typeString(named), interfaceNote(under))
		d.interfaceMembers(under)
		return
	default:
		d.line("type %s %s", d.typeString(named), d.typeString(under))
	}
	d.methods(named)
}

// structNote tells what the listed fields do not: callers may come to rely on
// comparing values, and cannot write unkeyed literals of hidden fields.
func structNote(named types.Type, under *types.Struct) string {
	var notes []string
	if types.Comparable(named) {
		notes = append(notes, "comparable")
	}
	for field := range under.Fields() {
		if !field.Exported() {
			notes = append(notes, "with unexported fields")
			break
		}
	}
	if len(notes) == 0 {
		return ""
	}
	return " // " + strings.Join(notes, ", ")
}

func interfaceNote(under *types.Interface) string {
	for method := range under.Methods() {
		if !method.Exported() {
			return " // sealed by unexported methods"
		}
	}
	return ""
}

// fields keeps the order of the source: it is part of the API of a struct
// whose values are converted or written without keys.
func (d *description) fields(under *types.Struct) {
	for i := range under.NumFields() {
		field := under.Field(i)
		if !field.Exported() {
			continue
		}
		name := field.Name() + " "
		if field.Embedded() {
			name = ""
		}
		tag := ""
		if under.Tag(i) != "" {
			tag = " `" + under.Tag(i) + "`"
		}
		d.line("\t%s%s%s", name, d.typeString(field.Type()), tag)
	}
}

func (d *description) interfaceMembers(under *types.Interface) {
	for embedded := range under.EmbeddedTypes() {
		// The methods of an embedded interface are listed below with the rest.
		inner, ok := embedded.Underlying().(*types.Interface)
		if !ok || !inner.IsMethodSet() {
			d.line("\t%s", d.typeString(embedded))
		}
	}
	var lines []string
	for method := range under.Methods() {
		if method.Exported() {
			lines = append(lines, "\t"+method.Name()+d.signature(method))
		}
	}
	d.sorted(lines)
}

// methods lists the method set of *T, so methods promoted from embedded fields
// are there too; those of T itself are shown with a value receiver.
func (d *description) methods(named types.Type) {
	values := types.NewMethodSet(named)
	var lines []string
	for selection := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		method, ok := selection.Obj().(*types.Func)
		if !ok || !method.Exported() {
			continue
		}
		receiver := "*" + typeName(named)
		if values.Lookup(method.Pkg(), method.Name()) != nil {
			receiver = typeName(named)
		}
		lines = append(lines, fmt.Sprintf("\tfunc (%s) %s%s", receiver, method.Name(), d.signature(method)))
	}
	d.sorted(lines)
}

func (d *description) sorted(lines []string) {
	slices.Sort(lines)
	for _, line := range lines {
		d.line("%s", line)
	}
}

func (d *description) signature(method *types.Func) string {
	return strings.TrimPrefix(d.typeString(method.Signature()), "func")
}

// typeName is the name of a declared type with its type parameters by name
// only, as receivers are written.
func typeName(named types.Type) string {
	declared, ok := named.(*types.Named)
	if !ok {
		return named.String()
	}
	var parameters []string
	for parameter := range declared.TypeParams().TypeParams() {
		parameters = append(parameters, parameter.Obj().Name())
	}
	if len(parameters) == 0 {
		return declared.Obj().Name()
	}
	return declared.Obj().Name() + "[" + strings.Join(parameters, ", ") + "]"
}
