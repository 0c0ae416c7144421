package persist

// Codec changes the JSON that is stored on its way out and back: it compresses,
// encrypts or signs. The zero Codec stores JSON as it is.
type Codec struct {
	// Encode makes what is stored of the JSON. Nil leaves it as it is.
	Encode func(plain []byte) ([]byte, error)
	// Decode reverts Encode. Its error means that what is stored is malformed. It
	// must itself limit what grows, as compressed data do. Nil leaves it as it is.
	Decode func(stored []byte) ([]byte, error)
}

func (c Codec) encode(plain []byte) (stored []byte, err error) {
	if c.Encode == nil {
		return plain, nil
	}
	err = guard(func() error {
		stored, err = c.Encode(plain)
		return err
	})
	return stored, err
}

func (c Codec) decode(stored []byte) (plain []byte, err error) {
	if c.Decode == nil {
		return stored, nil
	}
	err = guard(func() error {
		plain, err = c.Decode(stored)
		return err
	})
	if err != nil {
		return nil, &recordError{"it cannot be decoded", err}
	}
	return plain, nil
}
