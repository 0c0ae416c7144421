package trpc

// delivery hands the outcomes of a request to its calls, each exactly once.
type delivery struct {
	ops  []Op
	done []bool
	left int
	hand func(index int, out outcome)
}

func newDelivery(ops []Op, hand func(int, outcome)) *delivery {
	return &delivery{ops: ops, done: make([]bool, len(ops)), left: len(ops), hand: hand}
}

// settle hands over the outcome of one call, unless it has one.
func (d *delivery) settle(index int, out outcome) {
	if d.done[index] {
		return
	}
	d.done[index] = true
	d.left--
	out.answer.Batched = len(d.ops) > 1
	d.hand(index, out)
}

// failRest gives every call without an outcome an error of its own.
func (d *delivery) failRest(because func(Op) error) {
	for i, op := range d.ops {
		if !d.done[i] {
			d.settle(i, outcome{err: because(op)})
		}
	}
}
