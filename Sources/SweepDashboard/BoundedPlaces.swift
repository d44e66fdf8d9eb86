import Synchronization

/// Places for a bounded number of things that take memory.
package final class BoundedPlaces: Sendable {
    package let limit: Int
    private let held = Mutex(0)

    /// So many places, all of them free.
    package init(_ limit: Int) { self.limit = limit }

    /// A place; nil while all are held.
    package func take() -> Place? {
        let isFree = held.withLock { held in
            guard held < limit else { return false }
            held += 1
            return true
        }
        return isFree ? Place(self) : nil
    }

    fileprivate func free() { held.withLock { $0 -= 1 } }

    /// One of them: held until it is given back, or nobody knows of it any more.
    package final class Place: Sendable {
        private let places: BoundedPlaces
        private let isHeld = Mutex(true)

        fileprivate init(_ places: BoundedPlaces) { self.places = places }

        deinit { giveBack() }

        /// Gives it back; a second time that does nothing.
        package func giveBack() {
            let wasHeld = isHeld.withLock { isHeld in
                defer { isHeld = false }
                return isHeld
            }
            if wasHeld { places.free() }
        }
    }
}

/// The bytes of a file, with the place that is theirs until they are sent.
package struct HeldFile: Sendable {
    package let bytes: [UInt8]
    package let place: BoundedPlaces.Place

    package init(_ bytes: [UInt8], _ place: BoundedPlaces.Place) {
        self.bytes = bytes
        self.place = place
    }
}
