/// The version of every program that this package makes.
package enum SoftwareVersion {
    package static let current = "0.1.0"
}
