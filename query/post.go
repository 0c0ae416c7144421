package query

import (
	"slices"
	"sync/atomic"
)

// post brings mail to callbacks. Carriers are goroutines that live while there is
// mail; each empties one mailbox after the other, so that most callbacks cost no
// goroutine of their own. A callback may block, and then holds up nobody but itself:
// before a carrier calls any, it sees to it that another carrier is on its way if
// there are more mailboxes to see to.
//
// It is guarded by the client's mutex.
type post struct {
	bags   []*bag // that no carrier has taken, oldest first
	taken  []*bag // that carriers are at
	spare  []*bag // empty ones
	coming bool   // a carrier has been sent that has not yet come
}

// letterbox is a mailbox with a callback.
type letterbox interface {
	deliver()
	refilled() bool
}

// bag is a list of mailboxes with mail. Carriers that share one take turns.
type bag struct {
	boxes    []letterbox
	next     atomic.Int64 // the first that nobody has come to
	carriers int          // guarded by the client's mutex
}

const (
	bagSize   = 64 // mailboxes that a carrier sees to before it needs the mutex again
	maxSpares = 256
)

// add notes that a mailbox has mail.
func (p *post) add(box letterbox) {
	var last *bag
	if n := len(p.bags); n > 0 {
		last = p.bags[n-1]
	}
	if last == nil || len(last.boxes) == bagSize {
		last = p.emptyBag()
		p.bags = append(p.bags, last)
	}
	last.boxes = append(last.boxes, box)
}

func (p *post) emptyBag() *bag {
	n := len(p.spare)
	if n == 0 {
		return &bag{boxes: make([]letterbox, 0, bagSize)}
	}
	b := p.spare[n-1]
	p.spare = p.spare[:n-1]
	return b
}

// unlock releases the mutex for those who may have put something into mailboxes.
func (c *Client) unlock() {
	if len(c.post.bags) > 0 {
		c.sendCarrier()
	}
	c.mu.Unlock()
}

// sendCarrier starts a carrier unless one is coming. It needs the mutex.
func (c *Client) sendCarrier() {
	if c.post.coming || c.closed {
		return
	}
	c.post.coming = true
	c.work.Add(1)
	c.start((*carrier)(c))
}

// carrier is the job of a carrier: a client under another name.
type carrier Client

func (r *carrier) run() {
	c := (*Client)(r)
	defer c.work.Done()
	var (
		b   *bag
		box letterbox
	)
	defer func() {
		if box == nil {
			return
		}
		// A callback has ended the goroutine. Others go on.
		c.mu.Lock()
		defer c.unlock()
		if box.refilled() {
			c.post.add(box)
		}
		c.post.leave(b)
	}()
	for b = c.join(nil); b != nil; b = c.join(b) {
		for box = b.take(); box != nil; box = b.take() {
			box.deliver()
		}
	}
}

// join gives a carrier that has come, or is through with the bag done, another
// one; nil if there is nothing more to do.
func (c *Client) join(done *bag) *bag {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.post
	if done == nil {
		p.coming = false
	} else {
		p.leave(done)
	}
	b := p.pick()
	if b == nil {
		return nil
	}
	b.carriers++
	if len(p.bags) > 0 || len(p.taken) > 1 || b.left() > 1 {
		c.sendCarrier()
	}
	return b
}

// pick returns the bag for the next carrier: one of its own if there is any, else
// one to share.
func (p *post) pick() *bag {
	if len(p.bags) > 0 {
		b := p.bags[0]
		p.bags = slices.Delete(p.bags, 0, 1)
		p.taken = append(p.taken, b)
		return b
	}
	p.taken = slices.DeleteFunc(p.taken, (*bag).empty)
	if len(p.taken) > 0 {
		return p.taken[0]
	}
	return nil
}

// leave is for a carrier that is through with b, or cannot go on.
func (p *post) leave(b *bag) {
	b.carriers--
	switch at := slices.Index(p.taken, b); {
	case b.carriers > 0:
	case b.left() > 0:
		p.taken = slices.Delete(p.taken, at, at+1)
		p.bags = append(p.bags, b)
	default:
		if at >= 0 {
			p.taken = slices.Delete(p.taken, at, at+1)
		}
		clear(b.boxes)
		b.boxes = b.boxes[:0]
		b.next.Store(0)
		if len(p.spare) < maxSpares {
			p.spare = append(p.spare, b)
		}
	}
}

// left returns how many mailboxes nobody has come to.
func (b *bag) left() int { return max(0, len(b.boxes)-int(b.next.Load())) }

func (b *bag) empty() bool { return b.left() == 0 }

// take returns the next mailbox, nil after the last.
func (b *bag) take() letterbox {
	if i := b.next.Add(1) - 1; int(i) < len(b.boxes) {
		return b.boxes[i]
	}
	return nil
}
